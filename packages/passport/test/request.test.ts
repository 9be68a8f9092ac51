// What the hook tells the request's context, and what it does when requests are slow, aborted or entangled.
import { AsyncResource } from 'node:async_hooks'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Observation, runInContext } from '@trailproof/core/adapter'
import passportModule, { type PassportStatic } from 'passport'
import { describe, expect, test } from 'vitest'
import { fakeAudit } from '../../../test/fake-audit.js'
import { auditPassport } from '../src/index.js'
import { custom } from './scenarios.js'
import {
  ALICE,
  BOB,
  currentContext,
  EXPRESS,
  local,
  plain,
  play,
  type Scenario,
  type Step,
  signIn,
  type User,
  withContext,
} from './stage.js'

const express = EXPRESS['express 5']
const get = (path: string): Step => (agent) => agent.get(path) // biome-ignore format: one line
const newPassport = () => new (passportModule as unknown as { Passport: new () => PassportStatic }).Passport()

describe('the context of the request', () => {
  const actorAfter = async (stage: Scenario['stage'], ...steps: Step[]) => {
    const scenario: Scenario = {
      stage(one) {
        stage(one)
        one.app.use((req, _res, next) => {
          one.note(currentContext()?.actor)
          currentContext()?.req === (req as unknown) || one.note('another request')
          next()
        })
      },
      steps,
      records: [],
    }
    return (await play(express, scenario, 'on')).trace
  }

  test('learns who was verified, restored, put in by the application, and who was not', async () => {
    const trace = await actorAfter(
      ({ app, passport }) => {
        app.post('/login', passport.authenticate('local'), (_req, _res, next) => next())
        app.post('/try', (req, res, next) => passport.authenticate('local', () => next())(req, res, next))
        app.get('/as-bob', (req, _res, next) => req.logIn(BOB, next))
        app.get('/link', passport.authorize(custom('github', function () { this.success({ id: 'gh-7' }) }) as never, {})) // biome-ignore format: one line
      },
      get('/'),
      signIn('alice', 'wrong-one', '/try'),
      signIn('alice', 'wonderland'),
      get('/'),
      get('/link'),
      get('/as-bob'),
      get('/'),
    )
    const [alice, bob] = [{ id: '1' }, { id: '2' }]
    expect(trace).toEqual([undefined, undefined, alice, alice, alice, bob, bob].map((actor) => [actor]))
  })

  test('learns the password before anything is recorded, wherever the strategy looks for it', async () => {
    const found: string[][] = []
    const scenario: Scenario = {
      stage({ app, passport }) {
        passport.use('own', local({ usernameField: 'u[name]', passwordField: 'u[pin]' }))
        for (const name of ['local', 'own']) app.post(`/${name}`, passport.authenticate(name))
        passport.use(custom('other', function () { this.fail() })) // biome-ignore format: one line
        app.post('/other', passport.authenticate('other'))
      },
      steps: [
        signIn('alice', 'wrong-one', '/local'),
        (agent) => agent.post('/local?username=alice&password=in-the-query'),
        (agent) => agent.post('/own').send({ u: { name: 'alice', pin: 'secret-pin' }, password: 'decoy' }),
        (agent) => agent.post('/other').send({ password: 'unasked' }),
        (agent) => agent.post('/other').send({ password: { nested: 'not a text' } }),
      ],
      records: [],
    }
    const observe = (o: Observation) => void found.push([...o.context!.secrets.values()])
    const { seen } = await play(express, scenario, 'on', { observe })
    expect(found.map((secrets) => secrets[0])).toEqual([
      'wrong-one',
      'in-the-query',
      'secret-pin',
      'unasked',
      undefined,
    ])
    expect(seen.map((o) => o.claimed)).toEqual(['alice', 'alice', 'alice', undefined, undefined])
    expect(JSON.stringify(seen.map(({ context: _context, ...rest }) => rest))).not.toMatch(
      /wrong-one|in-the-query|secret-pin|unasked/,
    )
  })

  test('is the one the request came with, also where async context was lost or is another’s', async () => {
    const fake = fakeAudit()
    const app = express()
    const passport = newPassport()
    auditPassport(fake.audit, passport)
    const outside = new AsyncResource('a pool')
    passport.use(custom('pooled', function () { outside.runInAsyncScope(() => setImmediate(() => this.success(ALICE))) })) // biome-ignore format: one line
    let first: unknown
    app.use(withContext(fake), (_req, _res, next) => {
      first ??= currentContext()
      const elsewhere = currentContext() === first ? undefined : first
      if (elsewhere) runInContext(elsewhere as never, next)
      else next()
    })
    app.get('/login', passport.authenticate('pooled', { session: false }), (_req, res) => void res.end())
    const server = app.listen(0)
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/login`
    await fetch(url)
    await fetch(url)
    server.close()
    const urls = fake.seen.map((o) => o.context?.req)
    expect(fake.seen.map((o) => o.event)).toEqual(['login.succeeded', 'login.succeeded'])
    expect(urls[0]).not.toBe(urls[1])
  })
})

describe('order', () => {
  test('a record is made before the answer, so that the answer can wait for it', async () => {
    const begun: unknown[] = []
    const scenario: Scenario = {
      attachesLate: true,
      stage({ app, passport, attachNow }) {
        passport.use(custom('no', function () { this.fail() })) // biome-ignore format: one line
        const early = passport.authenticate(['no', 'local'])
        attachNow()
        app.post('/early', early)
        app.post('/late', passport.authenticate(['no', 'local']))
      },
      steps: [signIn('alice', 'wrong-one', '/early'), signIn('alice', 'wrong-one', '/late')],
      records: [],
    }
    // Middleware made before the hook: the record comes after `res.end`, but the gate was shut before.
    await play(express, scenario, 'on', {
      observe: (o) => void begun.push([o.event, o.context!.res.writableEnded, o.context!.res.socket!.bytesWritten]),
    })
    expect(begun).toEqual([
      ['login.failed', true, 0],
      ['login.failed', false, 0],
    ])
  })

  test('the session level records before the application’s callback runs', async () => {
    const order: unknown[] = []
    const scenario: Scenario = {
      stage({ app }) {
        app.post('/in', (req, res) => req.logIn(ALICE, () => res.end(String(order.push('in')))))
        app.post('/out', (req, res) => req.logOut(() => res.end(String(order.push('out')))))
      },
      steps: [signIn('', '', '/in'), signIn('', '', '/out')],
      records: [],
    }
    await play(express, scenario, 'on', { observe: (o) => void order.push(o.event) })
    expect(order).toEqual(['login.succeeded', 'in', 'logout.succeeded', 'out'])
  })
})

describe('trouble', () => {
  test('a client that goes away during a slow verify: what passport decides is recorded', async () => {
    const fake = fakeAudit()
    const app = express()
    const passport = newPassport()
    auditPassport(fake.audit, passport)
    let verify!: () => void
    let asked!: () => void
    const begun = new Promise<void>((resolve) => { asked = resolve }) // biome-ignore format: one line
    passport.use(custom('slow', function () { verify = () => this.success(ALICE); asked() })) // biome-ignore format: one line
    const gone = new Promise<void>((resolve) => {
      app.use(withContext(fake), (req, _res, next) => {
        req.on('close', resolve)
        next()
      })
    })
    app.get('/login', passport.authenticate('slow', { session: false }), (_req, res) => void res.end('late'))
    const server = app.listen(0)
    const request = http.get({ port: (server.address() as AddressInfo).port, path: '/login' })
    request.on('error', () => {})
    await begun
    expect(fake.seen).toEqual([])
    request.destroy()
    await gone
    expect(fake.seen).toEqual([])
    verify()
    server.close()
    expect(plain(fake.seen)).toEqual([
      { event: 'login.succeeded', actor: ALICE, auth: { method: 'slow', strategy: 'slow', attempt: 'attempt 1' } },
    ])
  })

  test('two requests in one instance at once get what passport gives them, bug and all', async () => {
    const entangled = (hook: boolean) => {
      const passport = newPassport()
      if (hook) auditPassport(fakeAudit().audit, passport)
      const waiting: Array<() => void> = []
      const inline = custom('inline', function (req) {
        waiting.push(() => this.success({ id: (req as unknown as { n: number }).n }))
      })
      const middleware = passport.authenticate(inline, { session: false })
      const answers: unknown[] = []
      for (const n of [1, 2]) {
        const req = { n } as { n: number; user?: User }
        middleware(req, {}, () => answers.push([n, req.user?.id]))
      }
      for (const go of waiting) go()
      return answers
    }
    expect(entangled(true)).toEqual(entangled(false))
    expect(entangled(true)).toEqual([[2, 1], [2, 2]]) // biome-ignore format: one line
  })

  test('two registered attempts at once in one request are kept apart', async () => {
    const fake = fakeAudit()
    const passport = newPassport()
    auditPassport(fake.audit, passport)
    const waiting: Record<string, () => void> = {}
    for (const name of ['a', 'b', 'c', 'd'])
      passport.use(custom(name, function () { waiting[name] = () => this.fail({ code: name }) })) // biome-ignore format: one line
    const req = {}
    const answered: unknown[] = []
    for (const names of [['a', 'b'], ['c', 'd']]) passport.authenticate(names, (...answer: unknown[]) => answered.push(answer[2]))(req, {}, () => {}) // biome-ignore format: one line
    for (const name of ['c', 'a', 'd', 'b']) waiting[name]!()
    expect(answered).toEqual([[{ code: 'c' }, { code: 'd' }], [{ code: 'a' }, { code: 'b' }]]) // biome-ignore format: one line
    expect(fake.seen.map((o) => [o.event, o.auth?.strategy, o.reason])).toEqual([
      ['login.failed', 'c+d', 'c'],
      ['login.failed', 'a+b', 'a'],
    ])
  })

  test('an audit, an identify or a request that throws changes nothing', async () => {
    const scenario: Scenario = {
      stage({ app, passport }) {
        app.use((req, _res, next) => {
          if (req.path === '/login' && req.body) Object.defineProperty(req.body, 'password', { get: () => { throw new Error('mine') }, enumerable: true }) // biome-ignore format: one line
          next()
        })
        app.post('/login', passport.authenticate('local'))
        app.post('/other', passport.authenticate('local'))
        app.post('/in', (req, res) => req.logIn(BOB, () => res.end()))
        app.post('/out', (req, res) => req.logOut(() => res.end()))
      },
      steps: [
        signIn('alice', 'wonderland', '/login'),
        signIn('alice', 'wonderland', '/other'),
        signIn('', '', '/in'),
        get('/'),
        signIn('', '', '/out'),
      ],
      records: [],
    }
    const without = await play(express, scenario, 'off')
    const broken = {
      observe() { throw new Error('ours') }, // biome-ignore format: one line
      identify() { throw new Error('ours') }, // biome-ignore format: one line
    }
    expect((await play(express, scenario, 'on', broken)).answers).toEqual(without.answers)
  })

  test('strategies made per request are let go', async () => {
    const passport = newPassport()
    auditPassport(fakeAudit().audit, passport)
    const refs: WeakRef<object>[] = []
    for (let i = 0; i < 300; i++) {
      const strategy = local()
      refs.push(new WeakRef(strategy))
      passport.use('tenant', strategy)
      await new Promise<void>((done) => passport.authenticate('tenant', () => done())({}, {}, () => {}))
    }
    await new Promise((next) => setTimeout(next, 0))
    const { setFlagsFromString } = await import('node:v8')
    setFlagsFromString('--expose-gc')
    ;(await import('node:vm')).runInNewContext('gc')()
    await new Promise((next) => setTimeout(next, 10))
    ;(await import('node:vm')).runInNewContext('gc')()
    expect(refs.filter((ref) => ref.deref()).length).toBeLessThan(10)
  })
})
