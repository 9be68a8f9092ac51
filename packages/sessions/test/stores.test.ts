// Stores as they come: failing, answering by promise alone, without a callback, throwing, calling themselves, or losing the async context.
import session from 'express-session'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auditSession } from '../src/index.js'
import { Browser, counting, type Running, SECRET, serve, sessionRoutes } from './support/app.js'
import { FakeAudit } from './support/fake-audit.js'
import { AsyncStore, FailingStore, FileLikeStore } from './support/stores.js'

const id = (n: number) => `sid-${n}-0123456789`
const HOOK = { hook: 'express-session' }

let running: Running | undefined
let fake: FakeAudit
let browser: Browser

async function start(store: session.Store, options: Partial<session.SessionOptions> = {}): Promise<void> {
  running = await serve(5, (app) => {
    app.use(fake.middleware() as never)
    app.use(
      auditSession(
        fake.audit,
        session,
      )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false, store, ...options }),
    )
    sessionRoutes(app)
  })
  browser = new Browser(running.url)
}

/** The store's operations, hooked, outside of any request. */
function hooked<S extends object>(
  store: S,
): S & Record<'get' | 'set' | 'destroy' | 'touch', (...args: unknown[]) => unknown> {
  auditSession(fake.audit, session)({ secret: SECRET, resave: false, saveUninitialized: false, store: store as never })
  return store as never
}

beforeEach(() => {
  fake = new FakeAudit()
})

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function seenBy(path: string) {
  await browser.get(path)
  return fake.take()
}

describe('a store that fails', () => {
  const failure = (reason: string, url: string, n: number) => [
    { ...HOOK, event: 'session.store_failed', outcome: 'error', reason, session: id(n), url },
  ]
  let store: FailingStore

  beforeEach(async () => {
    store = new FailingStore()
    await start(store)
    await seenBy('/count')
  })

  it('to read is recorded, and the application answers with its error', async () => {
    store.failing['get'] = new Error('down')
    expect(await browser.get('/look')).toMatchObject({ status: 500 })
    expect(fake.take()).toEqual(failure('get', '/look', 1))
  })

  it('to write is recorded, and no session is', async () => {
    store.failing['set'] = new Error('down')
    expect(await seenBy('/count')).toEqual(failure('set', '/count', 1))
    browser.cookies.clear()
    expect(await seenBy('/save-and-run')).toEqual([...failure('set', '/save-and-run', 2)])
  })

  it('to write after a rotation is recorded, with the end of the session that was given up', async () => {
    store.failing['set'] = new Error('down')
    await browser.get('/regenerate-only')
    await vi.waitFor(() => expect(fake.seen).toHaveLength(2)) // the second when the response is over
    expect(fake.take()).toEqual([
      ...failure('set', '/regenerate-only', 2),
      { ...HOOK, event: 'session.ended', reason: 'regenerated', session: id(1), url: '/regenerate-only' },
    ])
  })

  it('to touch is recorded, and no renewal is', async () => {
    store.failing['touch'] = new Error('down')
    expect(await seenBy('/look')).toEqual(failure('touch', '/look', 1))
  })

  it('to destroy is recorded, and no end is', async () => {
    store.failing['destroy'] = new Error('down')
    expect(await seenBy('/destroy')).toEqual(failure('destroy', '/destroy', 1))
  })

  it('to destroy while rotating is recorded, and the next session counts as a new one', async () => {
    store.failing['destroy'] = new Error('down')
    expect(await seenBy('/regenerate-only')).toEqual([
      ...failure('destroy', '/regenerate-only', 1),
      { ...HOOK, event: 'session.created', session: id(2), url: '/regenerate-only' },
    ])
  })
})

describe('outside of a request', () => {
  it('a destroy ends a session, once, whether by callback, by promise or by neither', async () => {
    const memory = hooked(new session.MemoryStore())
    await new Promise((resolve) => memory.destroy('by-callback', resolve))
    memory.destroy('by-neither')
    memory.destroy('by-neither', undefined)
    const promising = hooked(new AsyncStore())
    await promising.destroy('by-promise')
    expect(fake.take()).toEqual(
      ['by-callback', 'by-neither', 'by-promise'].map((s) => ({
        ...HOOK,
        event: 'session.ended',
        reason: 'destroyed',
        session: s,
        url: undefined,
      })),
    )
  })

  it('a rejection and a thrown error reach the caller as they are, and are recorded', async () => {
    const error = new Error('down')
    const rejecting = hooked({
      on() {},
      get() {},
      set() {},
      destroy: () => Promise.reject(error),
      touch: () => {
        throw error
      },
    })
    await expect(rejecting.destroy('a')).rejects.toBe(error)
    expect(() => rejecting.touch('b', {})).toThrow(error)
    expect(fake.take().map((o) => [o.event, o['reason'], o['session']])).toEqual([
      ['session.store_failed', 'destroy', 'a'],
      ['session.store_failed', 'touch', 'b'],
    ])
  })

  it('a rejection that nobody handles stays unhandled', async () => {
    const rejecting = hooked({ on() {}, get() {}, set() {}, destroy: () => Promise.reject(new Error('down')) })
    const seen: unknown[] = []
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.once('unhandledRejection', (reason) => seen.push(reason))
    rejecting.destroy('a')
    await new Promise((resolve) => setTimeout(resolve, 20))
    process.removeAllListeners('unhandledRejection')
    for (const one of listeners) process.on('unhandledRejection', one)
    expect(seen).toMatchObject([{ message: 'down' }])
  })

  it('a write is not taken for a creation: nobody can tell it from an update', async () => {
    const memory = hooked(new session.MemoryStore())
    await new Promise((resolve) => memory.set('a', { cookie: {} }, resolve))
    expect(fake.take()).toEqual([])
  })

  it('a look into the store is no presentation, whoever looks', async () => {
    const store = new session.MemoryStore()
    await start(store)
    await seenBy('/count')
    running!.app.get('/peek', (_req, res) => store.get('nobody', () => void res.json({})))
    running!.app.get('/kill-and-reload', (req, res) => {
      store.destroy(req.sessionID, () => req.session.reload((error) => void res.json({ error: String(error) })))
    })
    await new Browser(running!.url).get('/peek')
    expect(fake.take()).toEqual([])
    expect(await browser.get('/kill-and-reload')).toMatchObject({ body: '{"error":"Error: failed to load session"}' })
    expect(fake.take().map((o) => [o.event, o['reason']])).toEqual([['session.ended', 'destroyed']])
    await new Promise((resolve) => hooked(new session.MemoryStore()).get('nobody', resolve))
    expect(fake.take()).toEqual([])
  })

  it('a write by someone who answers for another session is no creation either', async () => {
    const store = new session.MemoryStore()
    await start(store)
    await seenBy('/count')
    running!.app.get('/flag', (_req, res) =>
      store.set(id(1), { cookie: {}, flagged: true } as never, () => void res.json({})),
    )
    await new Browser(running!.url).get('/flag')
    expect(fake.take()).toEqual([])
  })

  it('a callback gets its own `this`, all its arguments, and what it returns reaches the store', () => {
    const got: unknown[] = []
    const odd = hooked({
      on() {},
      get() {},
      set() {},
      destroy(this: unknown, _id: string, callback: (...a: unknown[]) => unknown) {
        got.push(this === odd, callback.call('receiver', null, 'two', 'three'))
        return 'returned'
      },
    })
    const returned = odd.destroy('a', function (this: unknown, ...args: unknown[]) {
      got.push(String(this), args)
      return 'answer'
    })
    expect([...got, returned]).toEqual(['receiver', [null, 'two', 'three'], true, 'answer', 'returned'])
  })

  it('an answer from before the end of a session does not bring it back to life', async () => {
    let answer: ((error: unknown, found: unknown) => void) | undefined
    class Slow extends session.MemoryStore {
      override get(sid: string, callback: never): void {
        if (sid === id(1) && !answer) answer = callback
        else super.get(sid, callback)
      }
    }
    const store = new Slow()
    answer = () => {}
    await start(store)
    await seenBy('/count')
    const found = JSON.parse((store as never as { sessions: Record<string, string> }).sessions[id(1)]!)
    answer = undefined
    const slow = browser.get('/look')
    await vi.waitFor(() => expect(answer).toBeDefined())
    await new Browser(running!.url).get(`/kill/${id(1)}`)
    answer!(null, found)
    await slow
    expect(await seenBy('/look')).toMatchObject([
      { event: 'session.ended' },
      { event: 'session.replayed', reason: 'ended', session: id(1) },
    ])
  })

  it('a callback that comes twice, with an early promise, counts once', async () => {
    const odd = hooked({
      on() {},
      get() {},
      set() {},
      destroy(_id: string, callback: () => void) {
        for (const after of [5, 6]) setTimeout(callback, after)
        return Promise.resolve()
      },
    })
    let calls = 0
    odd.destroy('a', () => calls++)
    await Promise.resolve()
    expect(fake.seen).toEqual([]) // the promise came before the callback said so
    await vi.waitFor(() => expect(calls).toBe(2))
    expect(fake.take()).toHaveLength(1)
  })

  it('an id that is no string is passed on and not recorded', async () => {
    const memory = hooked(new session.MemoryStore())
    await new Promise((resolve) => memory.destroy(7, resolve))
    expect(fake.take()).toEqual([])
  })
})

describe('a store that calls itself', () => {
  it('is recorded by the outer call only', async () => {
    class SelfCalling extends session.MemoryStore {
      override touch(sid: string, data: session.SessionData, callback: () => void): void {
        this.set(sid, data, callback)
      }
      override destroy(sid: string, callback: (e?: unknown) => void): void {
        this.get(sid, () => super.destroy(sid, callback))
      }
    }
    await start(new SelfCalling())
    expect(await seenBy('/count')).toEqual([{ ...HOOK, event: 'session.created', session: id(1), url: '/count' }])
    expect(await seenBy('/look')).toEqual([{ ...HOOK, event: 'session.renewed', session: id(1), url: '/look' }])
    expect(await seenBy('/destroy')).toEqual([
      { ...HOOK, event: 'session.ended', reason: 'destroyed', session: id(1), url: '/destroy' },
    ])
  })
})

describe('a store that prunes', () => {
  it('what has expired, when someone looks at it, has not been destroyed by that someone', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const store = new FileLikeStore()
    await start(store, { cookie: { maxAge: 1000 } })
    await seenBy('/count')
    running!.app.get('/peek', (_req, res) => store.get(id(1), () => void res.json({})))
    vi.setSystemTime(Date.now() + 2000)
    await new Browser(running!.url).get('/peek')
    vi.useRealTimers()
    expect([...store.kept.keys()]).toEqual([])
    expect(fake.take()).toEqual([])
  })
})

describe('requests that are over', () => {
  it('are forgotten', async () => {
    await start(new session.MemoryStore())
    for (const path of ['/count', '/login', '/look', '/destroy', '/count']) await browser.get(path)
    const visits = (globalThis as never as Record<symbol, { byId: Map<string, unknown> }>)[
      Symbol.for('trailproof.sessions.visits')
    ]!
    await vi.waitFor(() => expect(visits.byId.size).toBe(0))
  })
})

describe('an application that loses the async context', () => {
  /** Runs what it is given in whatever context called first, as pools without AsyncResource do. */
  function pool() {
    const queue: Array<() => void> = []
    const timer = setInterval(() => queue.shift()?.(), 1)
    return { run: (one: () => void) => void queue.push(one), stop: () => clearInterval(timer) }
  }

  it('has its sign-ins and sign-outs recorded with their requests all the same', async () => {
    const lossy = pool()
    await start(new AsyncStore(), { unset: 'destroy' })
    const user = { id: 'ann' }
    running!.app.get('/lossy-login', (req, res) =>
      lossy.run(() =>
        req.session.regenerate(() => {
          Object.assign(req, { user })
          Object.assign(req.session, { user: 'ann' })
          lossy.run(() => req.session.save(() => lossy.run(() => res.json({}))))
        }),
      ),
    )
    running!.app.get('/lossy-logout', (req, res) => {
      Object.assign(req, { user })
      lossy.run(() => req.session.destroy(() => res.json({})))
    })
    running!.app.get('/lossy-unset', (req, res) =>
      lossy.run(() => {
        Object.assign(req, { session: null })
        res.json({})
      }),
    )
    try {
      await seenBy('/count')
      expect(await seenBy('/lossy-login')).toEqual([
        { ...HOOK, event: 'session.rotated', session: id(2), sessionFrom: id(1), actor: user, url: '/lossy-login' },
      ])
      expect(await seenBy('/lossy-logout')).toEqual([
        { ...HOOK, event: 'session.ended', reason: 'destroyed', session: id(2), actor: user, url: '/lossy-logout' },
      ])
      browser.cookies.clear()
      await seenBy('/count')
      expect(await seenBy('/lossy-unset')).toEqual([
        { ...HOOK, event: 'session.ended', reason: 'destroyed', session: id(3), url: '/lossy-unset' },
      ])
    } finally {
      lossy.stop()
    }
  })

  it('does not have a session destroyed by an administrator blamed on its owner', async () => {
    await start(new session.MemoryStore())
    await seenBy('/count')
    let finish: (() => void) | undefined
    running!.app.get('/busy', (_req, res) => (finish = () => res.json({})))
    const busy = browser.get('/busy')
    await vi.waitFor(() => expect(finish).toBeDefined())
    await new Browser(running!.url).get(`/kill/${id(1)}`)
    expect(fake.take().map((o) => [o.event, o.url])).toEqual([['session.ended', `/kill/${id(1)}`]])
    finish!()
    await busy
    expect(fake.take()).toEqual([]) // its touch renews nothing
  })
})
