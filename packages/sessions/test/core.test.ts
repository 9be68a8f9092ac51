// With the real core: whole records, no id in clear, and policy's refusal from the store to the client.
import { type AuditOptions, createAudit, memoryKeys } from '@trailproof/core'
import { clientAddress, coreOf, openContext, runInContext } from '@trailproof/core/adapter'
import session from 'express-session'
import { afterEach, describe, expect, it } from 'vitest'
import { troubled } from '../../../test/troubled-writer.js'
import { auditSession } from '../src/index.js'
import { Browser, counting, type ExpressVersion, type Running, SECRET, serve, sessionRoutes } from './support/app.js'

const id = (n: number) => `sid-${n}-0123456789`

let running: Running
let close: () => Promise<void>

afterEach(async () => {
  await running.close()
  await close()
})

async function start(version: ExpressVersion, policy: AuditOptions['policy'] = []) {
  const { writer, disk, lines } = troubled()
  const audit = createAudit({ service: 'shop', writer, keys: memoryKeys(), heartbeatEveryMs: 0, policy })
  await audit.ready
  const core = coreOf(audit)
  const store = new session.MemoryStore()
  close = async () => {
    disk.state = 'well'
    await Promise.race([audit.close(), new Promise((resolve) => setTimeout(resolve, 200))])
  }
  running = await serve(version, (app) => {
    app.use((req, res, next) => {
      const context = openContext(core, req, res, { address: clientAddress(req, req.ip), route: () => req.route?.path })
      context.gate.onBegin(() => {})
      runInContext(context, next)
    })
    app.use(
      auditSession(
        audit,
        session,
      )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false, store }),
    )
    sessionRoutes(app)
  })
  const records = () =>
    lines()
      .map((line) => JSON.parse(line))
      .filter((r) => !r.event.startsWith('audit.'))
  return {
    audit,
    disk,
    lines,
    records,
    core,
    browser: new Browser(running.url),
    ids: () => Object.keys((store as never as { sessions: object }).sessions),
  }
}

describe.each([4, 5] as const)('express %s', (version) => {
  it('writes whole records, in which sessions stand by reference only', async () => {
    const { browser, records, lines, core, audit } = await start(version)
    await browser.get('/count')
    const cookies = [browser.sid!]
    await browser.get('/login')
    cookies.push(browser.sid!)
    await browser.get('/destroy')
    await browser.get('/look')
    browser.sid = 'planted-by-an-attacker'
    await browser.get('/look')
    await audit.flush()

    const [first, second] = [core.sessionRef(id(1)), core.sessionRef(id(2))]
    const common = (route: string) => ({
      v: 1,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      seq: expect.any(Number),
      n: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
      source: 'hook',
      hook: 'express-session',
      actor: { type: 'anonymous' },
      service: expect.objectContaining({ name: 'shop' }),
      client: expect.objectContaining({ ip: '127.0.0.1' }),
      http: { method: 'GET', route, request_id: expect.any(String) },
    })
    expect(records()).toEqual([
      { ...common('/count'), event: 'session.created', outcome: 'success', severity: 1, session: { ref: first } },
      {
        ...common('/login'),
        event: 'session.rotated',
        outcome: 'success',
        severity: 1,
        session: { ref: second, from: first },
      },
      {
        ...common('/destroy'),
        event: 'session.ended',
        outcome: 'success',
        severity: 1,
        reason: 'destroyed',
        session: { ref: second },
      },
      // presented before the route is known
      {
        ...common('/look'),
        event: 'session.replayed',
        outcome: 'denied',
        severity: 4,
        reason: 'ended',
        session: { ref: second },
        http: expect.not.objectContaining({ route: expect.anything() }),
      },
      {
        ...common('/look'),
        event: 'session.invalid',
        outcome: 'denied',
        severity: 3,
        reason: 'unsigned',
        http: expect.not.objectContaining({ route: expect.anything() }),
      },
    ])
    const log = lines().join('\n')
    for (const secret of [id(1), id(2), ...cookies, ...cookies.map(decodeURIComponent), 'planted-by-an-attacker'])
      expect(log).not.toContain(secret)
    expect(Object.keys(audit.coverage().hooks)).toContain('express-session')
  })

  it.each(['failing', 'hanging'] as const)(
    'refuses on a %s disk: 503, no cookie, no session in the store, at once and ever after',
    async (state) => {
      const { browser, disk, ids, audit } = await start(version, [
        { events: '*', onFailure: 'refuse', waitAtMostMs: 150 },
      ])
      expect(await browser.get('/count')).toMatchObject({ status: 200 })
      expect(ids()).toEqual([id(1)])
      browser.cookies.clear()
      disk.state = state
      for (const path of ['/count', '/login', '/save-and-run', '/save-twice', '/count']) {
        expect(await browser.get(path)).toMatchObject({ status: 503, setCookie: [] })
        expect(ids()).toEqual([id(1)])
      }
      expect(audit.health().status).toBe('red')
    },
  )

  it.each(['failing', 'hanging'] as const)('goes on with a %s disk where policy says so', async (state) => {
    const { browser, disk } = await start(version, [{ events: '*', waitAtMostMs: 150 }])
    disk.state = state
    for (const path of ['/count', '/login', '/look', '/destroy', '/look'])
      expect(await browser.get(path)).toMatchObject({ status: 200 })
  })
})

describe('detach', () => {
  it('of the audit gives the store its methods back', async () => {
    const { audit, browser, records } = await start(5)
    await browser.get('/count')
    audit.detach()
    await browser.get('/destroy')
    await audit.flush()
    expect(records().map((r) => r.event)).toEqual(['session.created'])
  })
})
