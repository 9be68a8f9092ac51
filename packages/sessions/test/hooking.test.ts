// How the hook sits on factory and store: same shape, once only, silent when broken, gone after detach.
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import session from 'express-session'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auditSession } from '../src/index.js'
import { Browser, counting, type Running, SECRET, serve, sessionRoutes } from './support/app.js'
import { FakeAudit } from './support/fake-audit.js'
import { AsyncStore } from './support/stores.js'

const METHODS = ['get', 'set', 'touch', 'destroy', 'regenerate'] as const

let fake: FakeAudit
let running: Running | undefined

beforeEach(() => {
  fake = new FakeAudit()
})

afterEach(async () => {
  await running?.close()
  running = undefined
})

describe('the wrapped factory', () => {
  it('has the name, length and properties of express-session', () => {
    const audited = auditSession(fake.audit, session)
    expect([audited.name, audited.length]).toEqual([session.name, session.length])
    expect(Object.keys(audited)).toEqual(Object.keys(session))
    for (const key of ['Store', 'Cookie', 'Session', 'MemoryStore'] as const)
      expect(audited[key as 'Store']).toBe(session[key as 'Store'])
    const options = { secret: SECRET, resave: false, saveUninitialized: false }
    const [plain, ours] = [session(options), audited(options)]
    expect([ours.name, ours.length]).toEqual([plain.name, plain.length])
  })

  it('throws what express-session throws, and hooks nothing then', () => {
    const audited = auditSession(fake.audit, session)
    const store = new session.MemoryStore()
    const wrong = { secret: [], resave: false, saveUninitialized: false, store }
    expect(() => audited(wrong)).toThrow(new TypeError('secret option array must contain one or more strings'))
    expect(Object.keys(store)).not.toContain('get')
    expect(store.get).toBe(session.MemoryStore.prototype.get)
  })

  it('reads options as express-session does: inherited, computed, or none', async () => {
    const audited = auditSession(fake.audit, session)
    class Options {
      get secret() {
        return SECRET
      }
      resave = false
      saveUninitialized = false
      name = 'own'
    }
    running = await serve(5, (app) => {
      app.use(audited(new Options()))
      sessionRoutes(app)
    })
    const browser = new Browser(running.url)
    await browser.get('/count')
    expect([...browser.cookies.keys()]).toEqual(['own'])
    expect(() => (audited as () => unknown)()).not.toThrow()
  })

  it('warns of a MemoryStore in production exactly where express-session does', () => {
    const require = createRequire(import.meta.url)
    const path = require.resolve('express-session')
    const cached = require.cache[path]
    delete require.cache[path]
    vi.stubEnv('NODE_ENV', 'production')
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      const fresh = require('express-session') as typeof session
      const given = { secret: SECRET, resave: false, saveUninitialized: false }
      const warnings = (factory: typeof session, options: session.SessionOptions) => {
        warn.mockClear()
        factory(options)
        return warn.mock.calls.flat()
      }
      const audited = auditSession(fake.audit, fresh)
      expect(warnings(fresh, given)).toHaveLength(1)
      expect(warnings(audited, given)).toEqual(warnings(fresh, given))
      expect(warnings(audited, { ...given, store: new fresh.MemoryStore() })).toHaveLength(1)
      expect(warnings(audited, { ...given, store: new AsyncStore() })).toEqual([])
    } finally {
      warn.mockRestore()
      vi.unstubAllEnvs()
      require.cache[path] = cached
    }
  })

  it('refuses options that are unknown or wrong, with a hint', () => {
    expect(() => auditSession(fake.audit, session, { remeber: 1 } as never)).toThrow(
      'unknown option "remeber" of auditSession (the only option is "remember")',
    )
    for (const remember of [0, -1, 1.5, Number.NaN, '7'])
      expect(() => auditSession(fake.audit, session, { remember } as never)).toThrow(/whole number/)
    expect(() => auditSession(fake.audit, session, null as never)).toThrow(/must be an object/)
  })
})

describe('a hooked store', () => {
  const options = { secret: SECRET, resave: false, saveUninitialized: false }

  it('keeps the names and lengths of its methods, and shows no new keys', () => {
    const store = new session.MemoryStore()
    const before = { keys: Object.keys(store), shapes: METHODS.map((m) => [store[m].name, store[m].length]) }
    auditSession(fake.audit, session)({ ...options, store })
    expect({
      keys: Object.keys(store).filter((k) => k !== 'generate'),
      shapes: METHODS.map((m) => [store[m].name, store[m].length]),
    }).toEqual(before)
    expect(store.get).not.toBe(session.MemoryStore.prototype.get)
  })

  it('gets its own methods back by detach, and what was mounted then only passes on', async () => {
    const store = new session.MemoryStore()
    running = await serve(5, (app) => {
      app.use(fake.middleware() as never)
      app.use(auditSession(fake.audit, session)({ ...options, store }))
      sessionRoutes(app)
    })
    const browser = new Browser(running.url)
    await browser.get('/count')
    expect(fake.take()).toHaveLength(1)
    fake.detach()
    for (const m of METHODS) {
      expect(store[m]).toBe(session.MemoryStore.prototype[m])
      expect(Object.hasOwn(store, m)).toBe(false)
    }
    expect(
      Object.getOwnPropertySymbols(store)
        .map(String)
        .filter((s) => s.includes('trailproof')),
    ).toEqual([])
    expect(await browser.get('/count')).toMatchObject({ body: '{"n":2}' })
    expect(fake.take()).toEqual([])
  })

  it('gets own methods back as they were, and can be hooked again', () => {
    const own = Object.assign(new EventEmitter(), { get() {}, set() {}, destroy() {}, touch() {}, regenerate() {} })
    const before = Object.getOwnPropertyDescriptors(own)
    const { get, set, destroy, touch, regenerate } = before
    auditSession(fake.audit, session)({ ...options, store: own as never })
    expect(own.get).not.toBe(get.value)
    fake.detach()
    const after = Object.getOwnPropertyDescriptors(own)
    expect({
      get: after.get,
      set: after.set,
      destroy: after.destroy,
      touch: after.touch,
      regenerate: after.regenerate,
    }).toEqual({ get, set, destroy, touch, regenerate })
    auditSession(fake.audit, session)({ ...options, store: own as never })
    expect(own.get).not.toBe(get.value)
  })

  it('leaves a wrapper in place that someone else put over ours, and falls silent below it', () => {
    const store = new session.MemoryStore()
    auditSession(fake.audit, session)({ ...options, store })
    const ours = store.destroy
    const theirs = vi.fn(function (this: unknown, ...args: Parameters<typeof ours>) {
      return ours.apply(store, args)
    })
    store.destroy = theirs
    fake.detach()
    expect(store.destroy).toBe(theirs)
    store.destroy('a')
    expect(fake.take()).toEqual([])
  })

  it('is hooked once, however many factories and audits it is given to', async () => {
    const store = new session.MemoryStore()
    const other = new FakeAudit()
    const first = auditSession(fake.audit, session)
    running = await serve(5, (app) => {
      app.use(fake.middleware() as never)
      app.use(first({ ...options, store }))
      app.use(first({ ...options, store }))
      app.use(auditSession(other.audit, session)({ ...options, store }))
      app.use(auditSession(fake.audit, first)({ ...options, store }))
      sessionRoutes(app)
    })
    await new Browser(running.url).get('/count')
    expect(fake.take().map((o) => o.event)).toEqual(['session.created'])
    expect(other.take()).toEqual([])
  })

  it('that is frozen works unhooked', () => {
    const store = Object.assign(new session.MemoryStore(), { generate() {} })
    const sealed = Object.preventExtensions(store)
    expect(() => auditSession(fake.audit, session)({ ...options, store: sealed })).not.toThrow()
    expect(fake.hooks.at(-1)).toEqual(['express-session', { store: 'MemoryStore', touch: true, watched: false }])
  })
})

describe('around the hook', () => {
  it('an audit that throws everywhere changes nothing', async () => {
    const broken = new FakeAudit()
    const core = (broken as never as Record<symbol, Record<string, unknown>>)[Symbol.for('trailproof.core')]!
    const store = new session.MemoryStore()
    running = await serve(5, (app) => {
      app.use(broken.middleware() as never)
      app.use(
        auditSession(
          broken.audit,
          session,
        )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false, store }),
      )
      sessionRoutes(app)
    })
    for (const name of ['observe', 'policyFor', 'failing', 'sessionRef', 'hooked'])
      core[name] = () => {
        throw new Error('broken audit')
      }
    const browser = new Browser(running.url)
    for (const path of ['/count', '/login', '/look', '/save-twice', '/regenerate-twice', '/destroy', '/look'])
      expect(await browser.get(path)).toMatchObject({ status: 200 })
  })

  it('sessions are recorded without a request context too, where no adapter is mounted', async () => {
    running = await serve(5, (app) => {
      app.use(
        auditSession(
          fake.audit,
          session,
        )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false }),
      )
      sessionRoutes(app)
    })
    const browser = new Browser(running.url)
    await browser.get('/count')
    await browser.get('/destroy')
    expect(fake.take()).toEqual([
      { event: 'session.created', hook: 'express-session', session: 'sid-1-0123456789', url: undefined },
      {
        event: 'session.ended',
        reason: 'destroyed',
        hook: 'express-session',
        session: 'sid-1-0123456789',
        url: undefined,
      },
    ])
  })

  it('every id that passes is known to the guard as a secret of its request', async () => {
    const told = new Map<string, string[]>()
    running = await serve(5, (app) => {
      app.use(fake.middleware() as never)
      app.use((req, res, next) => {
        res.on('finish', () => told.set(req.url, [...fake.context!.secrets.values()]))
        next()
      })
      app.use(
        auditSession(
          fake.audit,
          session,
        )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false }),
      )
      sessionRoutes(app)
    })
    const browser = new Browser(running.url)
    await browser.get('/count')
    expect(told.get('/count')).toEqual(['sid-1-0123456789'])
    await browser.get('/login')
    expect(told.get('/login')).toEqual(expect.arrayContaining(['sid-1-0123456789', 'sid-2-0123456789']))
    browser.sid = 'planted-by-someone'
    await browser.get('/look')
    expect(told.get('/look')).toEqual(expect.arrayContaining(['planted-by-someone', 'sid-3-0123456789']))
  })

  it('a second session middleware behind the first is not recorded again', async () => {
    running = await serve(5, (app) => {
      const factory = auditSession(fake.audit, session)
      const options = { secret: SECRET, genid: counting(), resave: false, saveUninitialized: false }
      app.use(fake.middleware() as never)
      app.use(factory(options))
      app.use(factory(options))
      sessionRoutes(app)
    })
    const browser = new Browser(running.url)
    browser.sid = 'unsigned-cookie'
    await browser.get('/count')
    expect(fake.take().map((o) => o.event)).toEqual(['session.invalid', 'session.created'])
  })

  it('a cookie outside the path of the session is nobody’s business', async () => {
    running = await serve(5, (app) => {
      app.use(fake.middleware() as never)
      app.use(
        auditSession(
          fake.audit,
          session,
        )({ secret: SECRET, resave: false, saveUninitialized: false, cookie: { path: '/app' } }),
      )
      app.get('/other', (_req, res) => void res.json({}))
    })
    const browser = new Browser(running.url)
    browser.sid = 'unsigned-cookie'
    await browser.get('/other')
    expect(fake.take()).toEqual([])
  })
})
