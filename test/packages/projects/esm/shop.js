// An application in ES modules.
import { once } from 'node:events'
import { createAudit, fileWriter } from '@trailproof/core'
import { auditExpress, audited } from '@trailproof/express'
import { auditJwt } from '@trailproof/jwt'
import { auditPassport } from '@trailproof/passport'
import { auditSession } from '@trailproof/sessions'
import express from 'express'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import passport from 'passport'
import { Strategy } from 'passport-local'

const dir = process.argv[2]

async function main() {
  const audit = createAudit({ service: 'shop', writer: fileWriter(`${dir}/log`), keys: { dir: `${dir}/keys` } })
  await audit.ready
  const app = express()
  app.use(auditExpress(audit))
  app.use(auditSession(audit, session)({ secret: 'packages test only', resave: false, saveUninitialized: false }))
  auditPassport(audit, passport)
  auditJwt(audit, jsonwebtoken)
  passport.use(new Strategy((name, password, done) => done(null, password === 'right' ? { id: name } : false)))
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, { id }))
  app.use(express.json(), passport.session())
  const key = 'a secret of thirty-two bytes or more'
  app.post('/login', passport.authenticate('local'), (_req, res) => {
    res.json({ token: jsonwebtoken.sign({}, key, { subject: 'ann' }) })
  })
  app.get('/reports/:id', audited('report.read'), (_req, res) => {
    res.json({})
  })

  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const statuses = []
  for (const password of ['wrong', 'right']) {
    const body = JSON.stringify({ username: 'ann', password })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST', headers, body })
    statuses.push(answer.status)
  }
  statuses.push((await fetch(`http://127.0.0.1:${port}/reports/7`)).status)
  server.closeAllConnections()
  server.close()

  await audit.flush()
  const { status, counts, log } = audit.health()
  const { events } = audit.coverage()
  await audit.close()
  console.log(JSON.stringify({ statuses, status, counts, events, thread: log.thread }))
}

await main()
