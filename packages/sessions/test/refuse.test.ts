// What waits for a record, and what a refused record takes back: over real HTTP, with core's own gate.
import type express from 'express'
import session from 'express-session'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auditSession } from '../src/index.js'
import {
  type Answer,
  Browser,
  counting,
  type ExpressVersion,
  type Running,
  SECRET,
  serve,
  sessionRoutes,
} from './support/app.js'
import { FakeAudit, type Verdict } from './support/fake-audit.js'
import { AsyncStore, CountingStore, FailingStore } from './support/stores.js'

const id = (n: number) => `sid-${n}-0123456789`
const idsIn = (store: session.MemoryStore) => Object.keys((store as unknown as { sessions: object }).sessions)

let running: Running
let fake: FakeAudit
let browser: Browser
let store: CountingStore
let errors: unknown[]

async function start(version: ExpressVersion, options: Partial<session.SessionOptions> = {}): Promise<void> {
  fake = new FakeAudit()
  errors = []
  running = await serve(version, (app) => {
    app.use(fake.middleware() as never)
    app.use(
      auditSession(
        fake.audit,
        session,
      )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false, store, ...options }),
    )
    sessionRoutes(app)
    app.get('/sign-in-by-hand', (req, res) => {
      Object.assign(req.session, { user: 'ann' })
      void fake.observe({ event: 'login.succeeded', hook: 'app' })
      res.json({})
    })
    app.get('/streamed-sign-in', (req, res) => {
      void fake.observe({ event: 'login.succeeded', hook: 'app' })
      res.write('one ')
      setTimeout(() => {
        Object.assign(req.session, { user: 'ann' })
        res.end('two')
      }, 20)
    })
    const answerErrors: express.ErrorRequestHandler = (error, _req, res, next) => {
      errors.push(error)
      if (res.headersSent) next(error)
      else res.status(error.status ?? 500).json({ from: 'the application' })
    }
    app.use(answerErrors)
  })
  browser = new Browser(running.url)
}

afterEach(() => running.close())

beforeEach(() => {
  store = new CountingStore()
})

function ask(path: string): { answer: Promise<Answer>; answered: boolean } {
  const asked = { answer: browser.get(path), answered: false }
  void asked.answer.then(() => {
    asked.answered = true
  })
  return asked
}

/** Settled when told to. */
function later(): { verdict: Promise<Verdict>; say(v: Verdict): void } {
  let say!: (v: Verdict) => void
  const verdict = new Promise<Verdict>((resolve) => (say = resolve))
  return { verdict, say }
}

const HELD = {
  'saved by express-session at the end': '/count',
  'saved by the application before it answers': '/save-twice',
  'saved by the application without waiting': '/save-and-run',
  'regenerated and saved': '/login',
}

describe.each([4, 5] as const)('express %s', (version) => {
  it.each(Object.entries(HELD))('no byte leaves before the record of a session %s is safe', async (_how, path) => {
    await start(version)
    const answer = later()
    fake.verdictOf = (o) => (o.event === 'session.created' ? answer.verdict : 'go')
    const asked = ask(path)
    await vi.waitFor(() => expect(fake.seen).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(asked.answered).toBe(false)
    answer.say('go')
    expect(await asked.answer).toMatchObject({ status: 200 })
  })

  it('a session ended without waiting holds the answer until its record is safe', async () => {
    await start(version)
    await browser.get('/count')
    const answer = later()
    fake.verdictOf = (o) => (o.event === 'session.ended' ? answer.verdict : 'go')
    const asked = ask('/destroy-and-run')
    await vi.waitFor(() => expect(fake.seen.at(-1)!.event).toBe('session.ended'))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(asked.answered).toBe(false)
    answer.say('go')
    expect(await asked.answer).toMatchObject({ status: 200 })
  })

  it('a rotation that turns out to be an end holds the answer as well', async () => {
    await start(version)
    await browser.get('/count')
    const answer = later()
    fake.verdictOf = (o) => (o.event === 'session.ended' ? answer.verdict : 'go')
    const asked = ask('/regenerate-then-null')
    await vi.waitFor(() => expect(fake.seen.at(-1)!.event).toBe('session.ended'))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(asked.answered).toBe(false)
    answer.say('go')
    expect(await asked.answer).toMatchObject({ status: 200 })
  })

  describe.each(Object.entries(HELD))('a session %s, whose record policy refuses', (_how, path) => {
    it('is answered with 503, sets no cookie and leaves no session behind', async () => {
      await start(version)
      fake.onFailure = 'refuse'
      fake.verdictOf = (o) => (o.event === 'session.created' ? 'refuse' : 'go')
      const answer = await browser.get(path)
      expect({ status: answer.status, setCookie: answer.setCookie, body: answer.body }).toEqual({
        status: 503,
        setCookie: [],
        body: '{"error":"temporarily_unavailable","code":"TRAILPROOF_REFUSED"}\n',
      })
      expect(idsIn(store)).toEqual([])
      const n = path === '/login' ? 2 : 1
      expect(fake.take()).toEqual([
        { event: 'session.created', hook: 'express-session', session: id(n), url: path },
        { event: 'session.ended', reason: 'refused', hook: 'express-session', session: id(n), url: path },
      ])
    })

    it('is not stored at all while the log is known to fail', async () => {
      await start(version)
      fake.onFailure = 'refuse'
      fake.failingNow = true
      const answer = await browser.get(path)
      expect({ status: answer.status, setCookie: answer.setCookie, writes: store.writes }).toEqual({
        status: 503,
        setCookie: [],
        writes: 0,
      })
      expect(fake.take()).toEqual([])
      expect(idsIn(store)).toEqual([])
    })
  })

  it('a session saved when the answer is half out cannot be refused any more, but does not stay', async () => {
    await start(version)
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'session.created' ? 'refuse' : 'go')
    expect(await browser.get('/stream')).toMatchObject({ status: 200, body: 'one two' })
    await vi.waitFor(() => expect(fake.seen.map((o) => o['reason'])).toEqual([undefined, 'refused']))
    expect(idsIn(store)).toEqual([])
  })

  it('tells an application nothing where its answer is out of its hands: express would cut the connection', async () => {
    await start(version)
    fake.onFailure = 'refuse'
    fake.failingNow = true
    expect(await browser.get('/count')).toMatchObject({ status: 503 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(errors).toEqual([])
  })

  it('tells an application that waits for the save why it was refused', async () => {
    await start(version)
    fake.onFailure = 'refuse'
    fake.failingNow = true
    await browser.get('/login')
    expect(errors).toMatchObject([{ code: 'TRAILPROOF_REFUSED', status: 503, statusCode: 503, record: 'not-written' }])
  })

  it('a session that goes on is not refused while the log fails: only new ones are', async () => {
    await start(version)
    await browser.get('/count')
    fake.onFailure = 'refuse'
    fake.failingNow = true
    expect(await browser.get('/count')).toMatchObject({ status: 200, body: '{"n":2}' })
  })

  it('a refused rotation leaves neither the old session nor the new one', async () => {
    await start(version)
    await browser.get('/count')
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'session.rotated' ? 'refuse' : 'go')
    expect(await browser.get('/login')).toMatchObject({ status: 503, setCookie: [] })
    expect(idsIn(store)).toEqual([])
  })

  it('a refused sign-in that kept its old session takes that session along, since it holds the effect', async () => {
    await start(version)
    await browser.get('/count')
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'login.succeeded' ? 'refuse' : 'go')
    expect(await browser.get('/sign-in-by-hand')).toMatchObject({ status: 503, setCookie: [] })
    expect(idsIn(store)).toEqual([])
    expect(await browser.get('/look')).toMatchObject({ status: 200, body: '{"user":null}' })
  })

  it('nothing is stored for a response that was refused before its session was saved', async () => {
    await start(version)
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'login.succeeded' ? 'refuse' : 'go')
    expect(await browser.get('/streamed-sign-in')).toMatchObject({ status: 503, setCookie: [] })
    await vi.waitFor(
      () =>
        new Promise<void>((resolve, reject) =>
          setTimeout(() => (idsIn(store).length ? reject(new Error('stored')) : resolve()), 50),
        ),
    )
    expect({ ids: idsIn(store), writes: store.writes }).toEqual({ ids: [], writes: 0 })
  })

  it('a write under way when the response is refused is taken back when it has landed, before the 503 leaves', async () => {
    store = new (class extends CountingStore {
      override set(sid: string, data: never, callback: never): void {
        const late = () => super.set(sid, data, callback)
        setTimeout(late, 30)
      }
    })()
    await start(version)
    await browser.get('/count') // known from now on: its next write opens no hold of its own
    fake.take()
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'login.succeeded' ? 'refuse' : 'go')
    expect(await browser.get('/sign-in-by-hand')).toMatchObject({ status: 503, setCookie: [] })
    expect({ ids: idsIn(store), writes: store.writes }).toEqual({ ids: [], writes: 2 })
    expect(fake.take().map((o) => [o.event, o['reason']])).toEqual([
      ['login.succeeded', undefined],
      ['session.ended', 'refused'],
    ])
  })

  it('a session that lives again is taken back as well', async () => {
    await start(version)
    await browser.get('/count')
    running.app.get('/revive', (req, res) => {
      const own = req.session
      const admin = new Browser(running.url)
      void admin.get(`/kill/${req.sessionID}`).then(() => own.save(() => res.json({})))
    })
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o['reason'] === 'revived' ? 'refuse' : 'go')
    expect(await browser.get('/revive')).toMatchObject({ status: 503 })
    expect(idsIn(store)).toEqual([])
  })
})

describe('an application that is slow after regenerate()', () => {
  it('is not refused for that', async () => {
    await start(5)
    running.app.get('/slow', (req, res) => {
      req.session.regenerate(() => setTimeout(() => res.json({}), 60))
    })
    await browser.get('/count')
    fake.onFailure = 'refuse'
    fake.waitAtMostMs = 20
    expect(await browser.get('/slow')).toMatchObject({ status: 200, setCookie: [expect.anything()] })
    expect(fake.seen.at(-1)).toMatchObject({ event: 'session.rotated', sessionFrom: id(1), session: id(2) })
  })
})

describe('when the store fails too', () => {
  it('a refused session that cannot be destroyed is answered with 503 all the same, and the failure is recorded', async () => {
    const failing = new FailingStore()
    store = failing
    await start(5)
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'session.created' ? 'refuse' : 'go')
    failing.failing['destroy'] = new Error('down')
    expect(await browser.get('/count')).toMatchObject({ status: 503, setCookie: [] })
    expect(fake.take().map((o) => [o.event, o['reason'], o['outcome']])).toEqual([
      ['session.created', undefined, undefined],
      ['session.store_failed', 'destroy', 'error'],
    ])
  })

  it('a store that never says whether it kept a session has the response refused in time, where policy may refuse', async () => {
    let answer: (() => void) | undefined
    store = new (class extends CountingStore {
      override set(sid: string, data: never, callback: never): void {
        super.set(sid, data, (() => (answer = callback)) as never)
      }
    })()
    await start(5)
    fake.onFailure = 'refuse'
    fake.waitAtMostMs = 50
    const asked = browser.get('/count')
    await vi.waitFor(() => expect(answer).toBeDefined())
    setTimeout(() => answer!(), 100)
    expect(await asked).toMatchObject({ status: 503, setCookie: [] })
    expect(idsIn(store)).toEqual([])
  })

  it('a store that never answers holds the response no longer than policy waits', async () => {
    const hanging = new (class extends CountingStore {
      override destroy(): void {}
    })()
    store = hanging
    await start(5)
    await browser.get('/count')
    fake.waitAtMostMs = 50
    expect(await browser.get('/destroy-and-run')).toMatchObject({ status: 200 })
  })

  it('a refused session that the store did not keep has no end', async () => {
    const failing = new FailingStore()
    store = failing
    await start(5)
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'login.succeeded' ? 'refuse' : 'go')
    failing.failing['set'] = new Error('down')
    await browser.get('/sign-in-by-hand')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(fake.take().map((o) => [o.event, o['reason']])).toEqual([
      ['login.succeeded', undefined],
      ['session.store_failed', 'set'],
    ])
  })

  it('a promise store is erased by promise', async () => {
    const kept = new AsyncStore()
    store = kept as never
    await start(5)
    fake.onFailure = 'refuse'
    fake.verdictOf = (o) => (o.event === 'session.created' ? 'refuse' : 'go')
    expect(await browser.get('/count')).toMatchObject({ status: 503, setCookie: [] })
    expect([...kept.kept.keys()]).toEqual([])
  })
})
