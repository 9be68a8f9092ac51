// On Koa: koa-passport and koa-session with a store. pino-http is put in as koa-pino-logger does.
import Router from '@koa/router'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import passport from 'koa-passport'
import session from 'koa-session'
import { pinoHttp } from 'pino-http'
import { auditKoa } from '../../../packages/koa/dist/esm/index.js'
import { auditPassport } from '../../../packages/passport/dist/esm/index.js'
import { auditKoaSession } from '../../../packages/sessions/dist/esm/index.js'
import { signsIn } from './people.mjs'

export async function shop({ audit, logger }) {
  const app = new Koa()
  app.keys = ['bench only']
  const kept = new Map()
  const store = {
    get: async (id) => kept.get(id),
    set: async (id, value) => void kept.set(id, value),
    destroy: async (id) => void kept.delete(id),
  }
  signsIn(passport)
  if (logger) {
    const log = pinoHttp({ logger })
    app.use((ctx, next) => {
      log(ctx.req, ctx.res)
      return next()
    })
  }
  if (audit) {
    app.use(auditKoa(audit))
    auditPassport(audit, passport)
  }
  const router = new Router().post('/login', passport.authenticate('local'), (ctx) => {
    ctx.body = {}
  })
  app.use((audit ? auditKoaSession(audit, session) : session)({ store }, app))
  app.use(bodyParser()).use(passport.initialize()).use(passport.session()).use(router.routes())
  return app.listen(0, '127.0.0.1')
}
