// The life of sessions, step by step, as a browser and an attacker would live it: on both Expresses and three stores.
import session from 'express-session'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auditSession } from '../src/index.js'
import { Browser, counting, type ExpressVersion, type Running, SECRET, serve, sessionRoutes } from './support/app.js'
import { FakeAudit } from './support/fake-audit.js'
import { AsyncStore, FileLikeStore } from './support/stores.js'

const id = (n: number) => `sid-${n}-0123456789`
const HOOK = { hook: 'express-session' }

const STORES: Record<string, () => session.Store | undefined> = {
  MemoryStore: () => undefined,
  'an async store': () => new AsyncStore(),
  'a file-like store': () => new FileLikeStore(),
}

const MATRIX = ([4, 5] as const).flatMap((version) => Object.keys(STORES).map((store) => ({ version, store })))

let running: Running
let fake: FakeAudit
let browser: Browser

async function start(
  version: ExpressVersion,
  store: session.Store | undefined,
  options: Partial<session.SessionOptions> = {},
): Promise<void> {
  fake = new FakeAudit()
  running = await serve(version, (app) => {
    app.use(fake.middleware() as never)
    const audited = auditSession(fake.audit, session)
    app.use(
      audited({
        secret: SECRET,
        genid: counting(),
        resave: false,
        saveUninitialized: false,
        ...options,
        ...(store ? { store } : {}),
      }),
    )
    sessionRoutes(app)
  })
  browser = new Browser(running.url)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(async () => {
  vi.useRealTimers()
  await running.close()
})

/** Asks for a path and gives what was observed meanwhile. */
async function seenBy(path: string, who = browser) {
  await who.get(path)
  return fake.take()
}

describe.each(MATRIX)('express $version with $store', ({ version, store }) => {
  const touched = (url: string, n: number) =>
    store === 'a file-like store' ? [] : [{ ...HOOK, event: 'session.renewed', session: id(n), url }]

  it('tells creation, use, rotation, replay, end and resurrection apart', async () => {
    await start(version, STORES[store]!())
    expect(await seenBy('/look')).toEqual([]) // 1 a visitor without a session: nothing is stored
    expect(await seenBy('/count')).toEqual([{ ...HOOK, event: 'session.created', session: id(2), url: '/count' }]) // 2
    const anonymous = browser.sid!
    expect(await seenBy('/look')).toEqual(touched('/look', 2)) // 3
    expect(await seenBy('/count')).toEqual([]) // 4 an update is neither created nor renewed
    expect(await seenBy('/login')).toEqual([
      { ...HOOK, event: 'session.rotated', session: id(3), sessionFrom: id(2), url: '/login' },
    ]) // 5
    const signedIn = browser.sid!
    const attacker = new Browser(running.url)
    attacker.sid = anonymous
    expect(await seenBy('/look', attacker)).toEqual([
      { ...HOOK, event: 'session.replayed', reason: 'rotated', session: id(2), url: '/look' },
    ]) // 6
    expect(await seenBy('/reload')).toEqual(touched('/reload', 3)) // 7 a reload is no second presentation
    attacker.sid = `${signedIn.slice(0, -4)}AAAA`
    expect(await seenBy('/look', attacker)).toEqual([
      { ...HOOK, event: 'session.invalid', reason: 'bad_signature', url: '/look' },
    ]) // 8
    attacker.sid = 'chosen-by-the-attacker'
    expect(await seenBy('/look', attacker)).toEqual([
      { ...HOOK, event: 'session.invalid', reason: 'unsigned', url: '/look' },
    ]) // 9
    expect(await seenBy('/save-twice')).toEqual(touched('/save-twice', 3)) // 10
    expect(await seenBy('/destroy')).toEqual([
      { ...HOOK, event: 'session.ended', reason: 'destroyed', session: id(3), url: '/destroy' },
    ]) // 11
    expect(await seenBy('/look')).toEqual([
      { ...HOOK, event: 'session.replayed', reason: 'ended', session: id(3), url: '/look' },
    ]) // 12
    expect(await seenBy('/destroy')).toEqual([
      { ...HOOK, event: 'session.replayed', reason: 'ended', session: id(3), url: '/destroy' },
    ]) // 13 nothing more to end
    browser.cookies.clear()
    expect((await seenBy('/login')).map((o) => o.event)).toEqual(['session.created']) // 14 a fresh sign-in: the unsaved id is not rotated
    const victim = JSON.parse((await browser.get('/login')).body).id as string
    expect(fake.take().map((o) => o.event)).toEqual(['session.rotated']) // 15
    const admin = new Browser(running.url)
    expect(await seenBy(`/kill/${victim}`, admin)).toEqual([
      { ...HOOK, event: 'session.ended', reason: 'destroyed', session: victim, url: `/kill/${victim}` },
    ]) // 16
    expect(await seenBy(`/kill/${victim}`, admin)).toEqual([]) // 17 it has ended once
    expect(await seenBy('/look')).toEqual([
      { ...HOOK, event: 'session.replayed', reason: 'ended', session: victim, url: '/look' },
    ]) // 18
  })

  it('tells an expired session from one that the store lost and from one it never had', async () => {
    await start(version, STORES[store]!(), { cookie: { maxAge: 60_000 } })
    await browser.get('/count')
    const cookie = browser.sid!
    expect(fake.take()).toEqual([{ ...HOOK, event: 'session.created', session: id(1), url: '/count' }])
    vi.setSystemTime(Date.now() + 50_000)
    await browser.get('/look')
    // A store that can touch has moved the end of life; the others have not.
    expect(fake.take()).toEqual(touched('/look', 1))
    vi.setSystemTime(Date.now() + 61_000)
    browser.sid = cookie
    expect(await seenBy('/look')).toEqual([{ ...HOOK, event: 'session.expired', session: id(1), url: '/look' }])
  })

  it('names an id with a good signature that this process never saw unknown', async () => {
    await start(version, STORES[store]!())
    await browser.get('/count')
    const cookie = browser.sid!
    await running.close()
    await start(version, STORES[store]!(), { genid: counting(100) })
    browser.sid = cookie
    expect(await seenBy('/look')).toEqual([
      { ...HOOK, event: 'session.invalid', reason: 'unknown', session: id(1), url: '/look' },
    ])
  })

  it('names a living session that vanished from the store gone', async () => {
    const kept = STORES[store]!() ?? new session.MemoryStore()
    await start(version, kept)
    await browser.get('/count')
    fake.take()
    if ('kept' in kept) (kept.kept as Map<string, string>).clear()
    else Object.assign(kept, { sessions: {} })
    expect(await seenBy('/look')).toEqual([
      { ...HOOK, event: 'session.invalid', reason: 'gone', session: id(1), url: '/look' },
    ])
  })

  it('records a session that is ended by unset: "destroy"', async () => {
    await start(version, STORES[store]!(), { unset: 'destroy' })
    await seenBy('/count')
    expect(await seenBy('/null')).toEqual([
      { ...HOOK, event: 'session.ended', reason: 'destroyed', session: id(1), url: '/null' },
    ])
    browser.cookies.clear()
    expect(await seenBy('/null')).toEqual([]) // a visitor's own session was never stored
  })

  it('leaves a session alone that is taken off the request only', async () => {
    await start(version, STORES[store]!())
    await seenBy('/count')
    expect(await seenBy('/null')).toEqual([])
    expect(await seenBy('/look')).toEqual(touched('/look', 1))
  })

  it('records a regenerated session that nothing takes the place of as ended', async () => {
    await start(version, STORES[store]!())
    for (const [path, n] of [
      ['/regenerate-then-destroy', 1],
      ['/regenerate-then-null', 4],
    ] as const) {
      browser.cookies.clear()
      await seenBy('/count')
      expect(await seenBy(path)).toEqual([
        { ...HOOK, event: 'session.ended', reason: 'regenerated', session: id(n), url: path },
      ])
      expect(await seenBy('/look')).toMatchObject([{ event: 'session.replayed', reason: 'ended', session: id(n) }])
    }
  })

  it('follows a session through two rotations in one request', async () => {
    await start(version, STORES[store]!())
    await seenBy('/count')
    expect(await seenBy('/regenerate-twice')).toEqual([
      { ...HOOK, event: 'session.rotated', session: id(3), sessionFrom: id(1), url: '/regenerate-twice' },
    ])
  })

  it('records a session once that is saved without waiting, or twice, or with saveUninitialized', async () => {
    await start(version, STORES[store]!(), { saveUninitialized: true })
    expect(await seenBy('/save-and-run')).toEqual([
      { ...HOOK, event: 'session.created', session: id(1), url: '/save-and-run' },
    ])
    browser.cookies.clear()
    expect(await seenBy('/save-twice')).toEqual([
      { ...HOOK, event: 'session.created', session: id(2), url: '/save-twice' },
    ])
    browser.cookies.clear()
    expect(await seenBy('/look')).toEqual([{ ...HOOK, event: 'session.created', session: id(3), url: '/look' }])
    expect(await seenBy('/regenerate-only')).toEqual([
      { ...HOOK, event: 'session.rotated', session: id(4), sessionFrom: id(3), url: '/regenerate-only' },
    ])
  })

  it('records no renewal where every request writes the session: resave', async () => {
    await start(version, STORES[store]!(), { resave: true, rolling: true, cookie: { maxAge: 60_000 } })
    await seenBy('/count')
    expect(await seenBy('/look')).toEqual([])
    vi.setSystemTime(Date.now() + 59_000)
    expect(await seenBy('/look')).toEqual([])
    vi.setSystemTime(Date.now() + 59_000)
    expect(await seenBy('/count')).toEqual([])
  })

  it('records each of several requests on one session at once by itself', async () => {
    await start(version, STORES[store]!())
    await seenBy('/count')
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.get('/count')))
    expect(answers.map((a) => a.status)).toEqual(Array(8).fill(200))
    expect(fake.take()).toEqual([])
    const others = Array.from({ length: 8 }, () => new Browser(running.url))
    await Promise.all(others.map((other) => other.get('/count')))
    const created = fake.take()
    expect(created.map((o) => o.event)).toEqual(Array(8).fill('session.created'))
    expect(new Set(created.map((o) => o.session)).size).toBe(8)
  })
})

describe('a session that another request ended', () => {
  it('is reported as living again when a slower request writes it back', async () => {
    const store = new AsyncStore()
    let go: (() => void) | undefined
    await start(5, store)
    running.app.get('/slow', async (req, res) => {
      Object.assign(req.session, { late: true })
      await new Promise<void>((resolve) => (go = resolve))
      res.json({})
    })
    await seenBy('/count')
    const slow = browser.get('/slow')
    await vi.waitFor(() => expect(go).toBeDefined())
    // a second browser with the same session signs out meanwhile
    const other = new Browser(running.url)
    other.sid = browser.sid!
    await other.get('/destroy')
    go!()
    await slow
    expect(fake.take().map(({ event, reason, url }) => [event, reason, url])).toEqual([
      ['session.ended', 'destroyed', '/destroy'],
      ['session.created', 'revived', '/slow'],
    ])
  })
})
