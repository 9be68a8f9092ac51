// On Express: passport and express-session.
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { pinoHttp } from 'pino-http'
import { auditExpress } from '../../../packages/express/dist/esm/index.js'
import { auditPassport } from '../../../packages/passport/dist/esm/index.js'
import { auditSession } from '../../../packages/sessions/dist/esm/index.js'
import { SESSION, signsIn } from './people.mjs'

export async function shop({ audit, logger }) {
  const app = express()
  const own = signsIn(new passport.Passport())
  if (logger) app.use(pinoHttp({ logger }))
  if (audit) {
    app.use(auditExpress(audit))
    auditPassport(audit, own)
  }
  app.use((audit ? auditSession(audit, session) : session)(SESSION), express.json(), own.session())
  app.post('/login', own.authenticate('local'), (_req, res) => res.json({}))
  return app.listen(0, '127.0.0.1')
}
