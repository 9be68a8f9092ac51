// What is Koa's alone: the proxy setting, routers below a path, HTTP/2, streams, errors nobody catches, cookie sessions.
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { Readable } from 'node:stream'
import Router from '@koa/router'
import { createAudit, memoryKeys } from '@trailproof/core'
import { audited, auditKoa } from '@trailproof/koa'
import { auditKoaSession } from '@trailproof/sessions'
import { type MemoryAudit, memoryAudit } from '@trailproof/testkit'
import Koa from 'koa'
import koaSession from 'koa-session'
import { afterEach, describe, expect, test } from 'vitest'
import { troubled } from '../troubled-writer.js'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

// biome-ignore lint/suspicious/noExplicitAny: the framework brings no types
type App = any

function newApp(options: object = {}): { app: App; memory: MemoryAudit } {
  const memory = memoryAudit()
  const app = new (Koa as App)(options)
  app.silent = true
  app.use(auditKoa(memory.audit))
  open.push(memory)
  return { app, memory }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (part: string) => (body += part))
      res.on('end', () => resolve({ status: res.statusCode!, body }))
    }).on('error', reject)
  })
}

describe('Forwarded (RFC 7239), for those who ask for it', () => {
  const SAID = 'for=198.51.100.7, for=203.0.113.9'
  test.each([
    ['not asked for', false, { proxy: true, maxIpsCount: 1 }, { ip: '192.0.2.44', ip_source: 'framework' }],
    ['one proxy', true, { proxy: true, maxIpsCount: 1 }, { ip: '203.0.113.9', ip_source: 'forwarded' }],
    ['two proxies', true, { proxy: true, maxIpsCount: 2 }, { ip: '198.51.100.7', ip_source: 'forwarded' }],
    ['more than there are', true, { proxy: true, maxIpsCount: 9 }, { ip: '198.51.100.7', ip_source: 'forwarded' }],
    ['no proxy is trusted', true, {}, { ip: '127.0.0.1', ip_source: 'socket', forwarded_ignored: true }],
    ['nobody says how many', true, { proxy: true }, { ip: '192.0.2.44', ip_source: 'framework' }],
  ])('%s', async (_title, forwarded, options, client) => {
    const memory = memoryAudit()
    open.push(memory)
    const app = new (Koa as App)(options)
    app.use(auditKoa(memory.audit, { forwarded })).use((ctx: App) => {
      ctx.status = 403
    })
    const url = await listen(createServer(app.callback()))
    await ask(url, { forwarded: SAID, 'x-forwarded-for': '192.0.2.44' })
    expect(await memory.records()).toMatchObject([{ event: 'authz.denied', client }])
  })
})

describe('address', () => {
  test.each([
    ['no proxy is trusted', {}, '203.0.113.9', { ip: '127.0.0.1', ip_source: 'socket', forwarded_ignored: true }],
    [
      'one proxy is trusted',
      { proxy: true, maxIpsCount: 1 },
      '198.51.100.1, 203.0.113.9',
      { ip: '203.0.113.9', ip_source: 'framework' },
    ],
    [
      'a header of its own',
      { proxy: true, proxyIpHeader: 'X-Real-IP' },
      undefined,
      { ip: '203.0.113.7', ip_source: 'framework' },
    ],
  ])('%s', async (_title, options, forwarded, client) => {
    // biome-ignore format: a table
    const { app, memory } = newApp(options)
    app.use((ctx: App) => ctx.throw(403))
    const url = await listen(createServer(app.callback()))
    await ask(url, { 'x-real-ip': '203.0.113.7', ...(forwarded && { 'x-forwarded-for': forwarded }) })
    expect(await memory.records('authz.denied')).toMatchObject([{ client }])
  })
})

test('the route is the pattern, through routers in routers, and nothing of the URL is kept', async () => {
  const { app, memory } = newApp()
  const [outer, inner] = [new Router({ prefix: '/shops/:shop' }), new Router()]
  inner.get('/orders/:id', (ctx: App) => ctx.throw(403))
  outer.use('/own', inner.routes())
  app.use(outer.routes())
  await ask(`${await listen(createServer(app.callback()))}/shops/4711/own/orders/4712?token=secret`)
  const [denied] = await memory.records('authz.denied')
  expect(denied).toMatchObject({ http: { route: '/shops/:shop/own/orders/:id', status: 403 } })
  expect(JSON.stringify(denied)).not.toMatch(/471[12]|secret/)
})

test('a stream that breaks, and an error nobody catches, answer as without the audit', async () => {
  const answers: unknown[] = []
  for (const audit of [true, false]) {
    const { app } = audit ? newApp() : { app: Object.assign(new (Koa as App)(), { silent: true }) }
    const router = new Router()
    router.get('/whole', (ctx: App) => {
      ctx.body = Readable.from(['one,', 'two'])
    })
    router.get('/throws', () => {
      throw new Error('a bug')
    })
    app.use(router.routes())
    const url = await listen(createServer(app.callback()))
    answers.push([await ask(`${url}/whole`), await ask(`${url}/throws`), await ask(`${url}/nowhere`)])
  }
  expect(answers[0]).toEqual(answers[1])
  expect(answers[0]).toEqual([
    { status: 200, body: 'one,two' },
    { status: 500, body: 'Internal Server Error' },
    { status: 404, body: 'Not Found' },
  ])
})

test('below a path of `every` each request leaves one record, and one only', async () => {
  const memory = memoryAudit()
  open.push(memory)
  const every = { '/admin/**': 'admin.action' } as never
  const app = new (Koa as App)()
  app.silent = true
  app.use(auditKoa(memory.audit, { every })).use(auditKoa(memory.audit, { every }))
  const router = new Router()
  router.get('/admin/users/:id', (ctx: App) => {
    ctx.body = 'user'
  })
  router.get('/admin/own', audited('invoice.exported' as never) as App, (ctx: App) => {
    ctx.body = 'csv'
  })
  router.get('/admin/denied', (ctx: App) => ctx.throw(403))
  router.get('/admin/broken', () => {
    throw new Error('a bug')
  })
  router.get('/administration', (ctx: App) => {
    ctx.body = 'another'
  })
  app.use(router.routes())
  const url = await listen(createServer(app.callback()))
  const paths = ['users/7?token=secret', 'nowhere', 'own', 'denied', 'broken'].map((path) => `/admin/${path}`)
  for (const path of [...paths, '/administration', '/elsewhere']) await ask(url + path)
  const told = (await memory.records()).map(({ event, outcome, http }) => [event, outcome, http])
  expect(told).toMatchObject([
    ['admin.action', 'success', { status: 200, route: '/admin/users/:id' }],
    ['admin.action', 'failure', { status: 404 }],
    ['invoice.exported', 'success', { status: 200, route: '/admin/own' }],
    ['authz.denied', 'denied', { status: 403, route: '/admin/denied' }],
    ['admin.action', 'error', { status: 500, route: '/admin/broken' }],
  ])
  expect(JSON.stringify(told)).not.toContain('secret')
})

test('options of auditKoa that are wrong are refused when the middleware is made', () => {
  const { memory } = newApp()
  for (const [options, message] of [
    [{ every: { 'admin/**': 'admin.action' } }, /auditKoa\(\): "admin\/\*\*" is no path/],
    [{ evry: {} }, /unknown option "evry" of auditKoa\(\)/],
    [{ forwarded: 'yes' }, /"forwarded" of auditKoa\(\) must be true or false/],
  ] as const)
    expect(() => auditKoa(memory.audit, options as never)).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID', message: expect.stringMatching(message) }),
    )
})

test('over HTTP/2 denials and audited routes are recorded; health says that nothing can be held', async () => {
  const { app, memory } = newApp()
  const router = new Router()
  router.get('/items/:id', audited('item.read' as never, { target: (ctx) => ({ type: 'item', id: ctx['params'].id }) }) as App, (ctx: App) => {
    ctx.body = 'here'
  }) // biome-ignore format: one route
  router.get('/denied', (ctx: App) => ctx.throw(403))
  app.use(router.routes())
  const url = await listen(createHttp2Server(app.callback()))
  const client = connect(url)
  open.push(client)
  for (const path of ['/items/7', '/denied']) {
    const stream = client.request({ ':path': path }).resume()
    stream.end()
    await once(stream, 'close')
  }
  expect(await memory.records()).toMatchObject([
    { event: 'item.read', outcome: 'success', target: { id: '7' }, http: { route: '/items/:id', status: 200 } },
    { event: 'authz.denied', http: { route: '/denied', status: 403 } },
  ])
  expect(memory.audit.health().gate).toBe('none')
})

test('sessions kept in the cookie have no record, and coverage says why', async () => {
  const { app, memory } = newApp()
  app.keys = ['of this test']
  app.use(auditKoaSession(memory.audit, koaSession)({ key: 'sid' }, app))
  app.use((ctx: App) => {
    ctx.session.views = (ctx.session.views ?? 0) + 1
    ctx.body = 'here'
  })
  expect((await ask(await listen(createServer(app.callback())))).status).toBe(200)
  expect(await memory.records()).toEqual([])
  expect(memory.audit.coverage().hooks['koa-session']).toMatchObject({ store: 'cookie', watched: false })
})

test('a store made for each request is watched too; what the application finds not valid is told', async () => {
  const { app, memory } = newApp()
  const sessions = new Map<string, unknown>()
  class Store {
    async get(id: string) {
      return sessions.get(id)
    }
    async set(id: string, session: unknown) {
      sessions.set(id, session)
    }
    async destroy(id: string) {
      sessions.delete(id)
    }
  }
  app.keys = ['of this test']
  const valid = (_ctx: unknown, session: { views?: number }) => (session.views ?? 0) < 2
  app.use(auditKoaSession(memory.audit, koaSession)({ key: 'sid', signed: false, ContextStore: Store, valid }, app))
  app.use((ctx: App) => {
    ctx.session.views = (ctx.session.views ?? 0) + 1
    ctx.body = 'here'
  })
  const url = await listen(createServer(app.callback()))
  await ask(url)
  const [id] = [...sessions.keys()]
  await ask(url, { cookie: `sid=${id}` })
  await ask(url, { cookie: `sid=${id}` })
  await ask(url, { cookie: 'sid=never-given-out' })
  const facts = (await memory.records()).map(({ event, reason }) => [event, reason].filter(Boolean).join(' '))
  expect(facts).toEqual([
    'session.created',
    'session.invalid not_valid',
    'session.created',
    'session.invalid unknown',
    'session.created',
  ])
})

test('a store that fails is told, and the application hears the same error', async () => {
  const { app, memory } = newApp()
  const failing = () => Promise.reject(new Error('the store is down'))
  app.keys = ['of this test']
  app.use(auditKoaSession(memory.audit, koaSession)({ key: 'sid', signed: false, store: { get: failing, set: failing, destroy: failing } as never }, app)) // biome-ignore format: one line
  app.use((ctx: App) => {
    ctx.session.views = 1
    ctx.body = 'here'
  })
  const url = await listen(createServer(app.callback()))
  expect((await ask(url, { cookie: 'sid=some-session' })).status).toBe(500)
  expect((await ask(url)).status).toBe(500)
  expect(await memory.records()).toMatchObject([
    { event: 'session.store_failed', reason: 'get' },
    { event: 'session.store_failed', reason: 'set' },
  ])
})

test('an id that is given up for one that the store does not take has ended', async () => {
  const { app, memory } = newApp()
  const sessions = new Map<string, unknown>()
  const store = {
    get: async (id: string) => sessions.get(id),
    async set(id: string, session: unknown) {
      if (sessions.size > 0 || app.full) throw new Error('the store is full')
      sessions.set(id, session)
    },
    destroy: async (id: string) => void sessions.delete(id),
  }
  app.keys = ['of this test']
  app.use(auditKoaSession(memory.audit, koaSession)({ key: 'sid', signed: false, store } as never, app))
  app.use(async (ctx: App) => {
    ctx.session.views = 1
    if (app.full) await ctx.session.regenerate()
    ctx.body = 'here'
  })
  const url = await listen(createServer(app.callback()))
  expect((await ask(url)).status).toBe(200)
  const [id] = [...sessions.keys()]
  app.full = true
  expect((await ask(url, { cookie: `sid=${id}` })).status).toBe(500)
  const facts = (await memory.records()).map(({ event, reason }) => [event, reason].filter(Boolean).join(' '))
  expect([...new Set(facts)]).toEqual(['session.created', 'session.store_failed set', 'session.ended regenerated'])
})

test.each(['failing', 'hanging'] as const)(
  'on a %s disk policy refuses a session: 503, no cookie, none in the store',
  async (state) => {
    const { writer, disk } = troubled()
    const policy = [{ events: '*', onFailure: 'refuse', waitAtMostMs: 150 }] as never
    const audit = createAudit({ service: 'shop', writer, keys: memoryKeys(), heartbeatEveryMs: 0, policy })
    open.push({ close: () => audit.close().catch(() => {}) })
    await audit.ready
    const kept = new Map<string, unknown>()
    const store = {
      get: async (id: string) => kept.get(id),
      set: async (id: string, session: unknown) => void kept.set(id, session),
      destroy: async (id: string) => void kept.delete(id),
    }
    const app = new (Koa as App)()
    app.silent = true
    app.keys = ['of the test']
    app.use(auditKoa(audit)).use((auditKoaSession(audit, koaSession) as App)({ store }, app))
    app.use((ctx: App) => {
      ctx.session.name = 'ann'
      ctx.body = 'signed in'
    })
    const url = await listen(createServer(app.callback()))
    const answer = async () => {
      const response = await fetch(url)
      return [response.status, response.headers.getSetCookie().length > 0]
    }
    expect(await answer()).toEqual([200, true])
    const [first] = kept.keys()
    disk.state = state
    expect([await answer(), await answer()]).toEqual([
      [503, false],
      [503, false],
    ])
    for (let i = 0; i < 100 && kept.size > 1; i++) await new Promise((done) => setTimeout(done, 20))
    expect([...kept.keys()]).toEqual([first])
    expect(audit.health().status).toBe('red')
    disk.state = 'well'
  },
  20_000,
)
