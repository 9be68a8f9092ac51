// Through the real core, down to the lines of the log: nothing typed or secret stands there, names join, 503 refuses.
import type { ServerResponse } from 'node:http'
import { type AuditOptions, createAudit, memoryKeys, memoryWriter, type Writer } from '@trailproof/core'
import { coreOf, openContext, runInContext } from '@trailproof/core/adapter'
import express, { type ErrorRequestHandler } from 'express'
import session, { MemoryStore } from 'express-session'
import passportModule, { type PassportStatic } from 'passport'
import request from 'supertest'
import { expect, test } from 'vitest'
import { auditPassport } from '../src/index.js'
import { ALICE, local } from './stage.js'

function shop(options: Partial<AuditOptions>, writer: Writer = memoryWriter()) {
  const audit = createAudit({
    service: 'shop',
    keys: memoryKeys(),
    heartbeatEveryMs: 0,
    device: 'off',
    ...options,
    writer,
  })
  const passport = new (passportModule as unknown as { Passport: new () => PassportStatic }).Passport()
  auditPassport(audit, passport)
  passport.use(local())
  passport.serializeUser((user, done) => done(null, (user as typeof ALICE).id))
  passport.deserializeUser((_id, done) => done(null, ALICE))
  const store = new MemoryStore()
  const app = express()
  app.use((req, res, next) => {
    const facts = { address: { ip: '192.0.2.1', source: 'socket' } as never, route: () => undefined }
    runInContext(openContext(coreOf(audit), req as never, res as ServerResponse, facts), next)
  })
  app.use(
    express.json(),
    session({ secret: 'stage', resave: false, saveUninitialized: false, store }),
    passport.session(),
  )
  app.post('/login', passport.authenticate('local'), (_req, res) => void res.send('in'))
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.send('out'))))
  app.use(((error, _req, res, _next) => void res.status(error.status ?? 500).send('error')) as ErrorRequestHandler)
  return { audit, app, store }
}

test('a wrong password, a right one and a logout, as they stand in the log', async () => {
  const writer = memoryWriter()
  const { audit, app } = shop({}, writer)
  const agent = request.agent(app)
  await agent.post('/login').send({ username: 'alice@shop.example', password: 'wonderland-no' }).expect(401)
  await agent.post('/login').send({ username: 'alice', password: 'not-this-one' }).expect(401)
  await agent.post('/login').send({ username: 'alice', password: 'wonderland' }).expect(200, 'in')
  await agent.post('/logout').expect(200, 'out')
  await audit.flush()
  const lines = writer.logs.flatMap((log) => log.lines)
  const records = lines.map((line) => JSON.parse(line)).filter((record) => record.hook === 'passport')
  expect(records.map((r) => [r.event, r.outcome, r.reason, r.auth?.method, r.auth?.strategy])).toEqual([
    ['login.failed', 'failure', 'unknown_user', 'password', 'local'],
    ['login.failed', 'failure', 'bad_credentials', 'password', 'local'],
    ['login.succeeded', 'success', undefined, 'password', 'local'],
    ['logout.succeeded', 'success', undefined, undefined, undefined],
  ])
  const [, failed, succeeded, left] = records
  expect(failed.actor.claimed).toBe(succeeded.actor.claimed)
  expect([failed.actor.ref, typeof succeeded.actor.ref]).toEqual([undefined, 'string'])
  expect(left.actor.ref).toBe(succeeded.actor.ref)
  expect(lines.join()).not.toMatch(/alice|wonderland|not-this-one/)
  await audit.close()
})

test('under `refuse` a log that does not answer in time means 503, no cookie and no session', async () => {
  const stuck = memoryWriter()
  const { lease } = stuck
  stuck.lease = (service) => {
    const held = lease(service)
    return {
      ...held,
      open: async (wanted) => {
        const log = await held.open(wanted)
        let n = 0
        return { ...log, append: (batch) => (n++ === 0 ? log.append(batch) : new Promise(() => {})) }
      },
    }
  }
  const { audit, app, store } = shop(
    {
      policy: [
        { events: 'login.succeeded', onFailure: 'refuse', waitAtMostMs: 60 },
        { events: '*', wait: 'queued' },
      ],
    },
    stuck,
  )
  await audit.ready
  const answer = await request(app).post('/login').send({ username: 'alice', password: 'wonderland' })
  expect([answer.status, answer.headers['set-cookie']]).toEqual([503, undefined])
  expect(Object.keys(Reflect.get(store, 'sessions'))).toEqual([])
  audit.detach()
})
