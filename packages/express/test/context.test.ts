// The context of a request finds its way to whatever records within it.
import { EventEmitter } from 'node:events'
import { contextOf, currentContext } from '@trailproof/core/adapter'
import session from 'express-session'
import { describe, expect, it } from 'vitest'
import { auditExpress } from '../src/index.js'
import { deferred, serve, tell, turn, versions } from './support.js'

const post = (url: string, body: unknown, headers = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

/** A request id as proxies make them. */
const traceOf = (name: string) => name.padStart(32, '0')

describe.each(versions)('%s', (_, express) => {
  it('twenty requests at once, through parsers, sessions, awaits and emitters, are not mixed up', async () => {
    const bus = new EventEmitter()
    const { t, url } = await serve(express, (app, { audit }) => {
      app.use(express.json())
      app.use(express.urlencoded({ extended: false }))
      app.use(session({ secret: 'x', resave: true, saveUninitialized: true }))
      bus.on('tried', (name: string) => void audit.record({ event: 'login.failed', data: { at: 'emitter', name } }))
      app.post('/login/:name', async (req, res) => {
        const { name } = req.body as { name: string }
        for (let i = 0; i < Number(name) % 5; i++) await turn()
        await audit.record({ event: 'login.failed', data: { at: 'await', name } })
        bus.emit('tried', name)
        setTimeout(() => {
          tell(t, 'login.failed', { data: { at: 'timer', name } })
          res.json({ name })
        }, 1)
      })
    })
    const names = Array.from({ length: 20 }, (_, i) => String(i))
    const said = await Promise.all(
      names.map(async (name) =>
        (
          await post(
            `${url}/login/${name}`,
            { name },
            { 'x-request-id': traceOf(name), 'user-agent': `browser ${name}` },
          )
        ).json(),
      ),
    )
    expect(said).toEqual(names.map((name) => ({ name })))
    const lines = (await t.lines()).filter((line) => line.event === 'login.failed')
    expect(lines).toHaveLength(60)
    for (const { data, http, client } of lines)
      expect([http, client!['user_agent']]).toEqual([
        { method: 'POST', route: '/login/:name', request_id: traceOf(data!['name'] as string) },
        `browser ${data!['name']}`,
      ])
  })

  it('mounting the middleware twice records the request once', async () => {
    const { t, url } = await serve(express, (app, { audit }) => {
      app.use(auditExpress(audit))
      app.get('/', (_req, res) => void res.sendStatus(403))
    })
    await fetch(url)
    expect((await t.lines()).map((line) => line.event)).toEqual(['authz.denied'])
  })

  it('where async context is lost, the request itself still leads to it', async () => {
    const queue: (() => void)[] = []
    const { t, url } = await serve(express, (app) => {
      app.get('/', (req, res) => {
        queue.push(() => {
          expect(currentContext()).toBeUndefined()
          tell(t, 'login.failed', { context: contextOf(req) })
          res.end()
        })
        ready.resolve()
      })
    })
    const ready = deferred()
    const served = fetch(url, { headers: { 'x-request-id': traceOf('1') } })
    await ready.promise
    queue[0]!()
    await served
    expect((await t.lines())[0]!.http).toMatchObject({ request_id: traceOf('1'), route: '/' })
  })

  it('the signed-in user of a request is the actor, but not of a sign-in that failed', async () => {
    const { t, url } = await serve(express, (app) => {
      app.use((req, _res, next) => (Object.assign(req, { user: { id: 'u1' } }), next()))
      app.get('/', (_req, res) => {
        tell(t, 'password.changed')
        tell(t, 'login.failed')
        res.end()
      })
    })
    await fetch(url)
    expect((await t.lines()).map((line) => line.actor)).toEqual([
      { ref: await t.audit.actorRef({ id: 'u1' }), type: 'user' },
      { type: 'anonymous' },
    ])
  })

  it.each<[string, unknown, string, object]>([
    ['without trust proxy', false, '203.0.113.9', { ip: '127.0.0.1', ip_source: 'socket', forwarded_ignored: true }],
    [
      'with trust proxy for loopback',
      'loopback',
      '203.0.113.9',
      { ip: '203.0.113.9', ip_source: 'framework', peer: '127.0.0.1' },
    ],
    [
      'with one hop, and a forged entry before it',
      1,
      '198.51.100.66, 203.0.113.9',
      { ip: '203.0.113.9', ip_source: 'framework', peer: '127.0.0.1' },
    ],
    ['with trust proxy, and junk', true, 'junk', { ip: '127.0.0.1', ip_source: 'socket', forwarded_ignored: true }],
    [
      'with trust proxy, and a mapped address',
      true,
      '::ffff:203.0.113.9',
      { ip: '203.0.113.9', ip_source: 'framework', peer: '127.0.0.1' },
    ],
  ])('the address %s', async (_name, trust, forwardedFor, client) => {
    const { t, url } = await serve(
      express,
      (app) => app.get('/', (_req, res) => (tell(t, 'token.rejected'), void res.end())),
      {},
      (app) => app.set('trust proxy', trust),
    )
    await fetch(url, { headers: { 'x-forwarded-for': forwardedFor, 'user-agent': 'UA' } })
    expect((await t.lines())[0]!.client).toEqual({ ...client, user_agent: 'UA' })
  })

  it("a request id is the application's own, else a header that is certainly an id, else new", async () => {
    const ids: unknown[] = ['mine', 7, 'hunter2!', undefined, undefined, undefined, undefined]
    const strict = ['4bf92f3577b34da6a3ce929d0e0e4736', '1-5759e988-bd862e3fe1be46a994272793']
    const given = [undefined, undefined, 'hunter2!', ...strict, 'theirs', 'x'.repeat(500)]
    const headers = given.map((id) => (id === undefined ? {} : { 'x-request-id': id }))
    const { t, url } = await serve(
      express,
      (app) => app.get('/', (_req, res) => (tell(t, 'token.rejected'), void res.end())),
      {},
      (app) => app.use((req, _res, next) => (Object.assign(req, { id: ids.shift() }), next())),
    )
    for (const header of headers) await fetch(url, { headers: header as Record<string, string> })
    const said = (await t.lines()).map((line) => line.http!['request_id'])
    const ours = expect.stringMatching(/^[\da-f-]{36}$/)
    expect(said).toEqual(['mine', '7', ours, ...strict, ours, ours])
  })

  it('the trace of the caller is kept, one that is none is not', async () => {
    const { t, url } = await serve(express, (app) =>
      app.get('/', (_req, res) => (tell(t, 'token.rejected'), void res.end())),
    )
    for (const traceparent of ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0'])
      await fetch(url, { headers: { traceparent } })
    expect((await t.lines()).map((line) => line.trace)).toEqual([
      { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
      undefined,
    ])
  })

  it.each<[string, string | undefined]>([
    ['/plain', '/plain'],
    ['/items/42', '/items/:id'],
    ['/admin/users/7', '/admin/users/:id'],
    ['/admin', '/admin'],
    ['/team/4711/list', '/team/:team/list'],
    ['/v1/x', '/v1/x'],
    ['/one', '/one|/two'],
    ['/nowhere?token=s3cret', undefined],
  ])('the route of %s is its pattern', async (path, route) => {
    const { t, url } = await serve(express, (app) => {
      const say = (_req: unknown, res: { end(): void }) => (tell(t, 'token.rejected'), res.end())
      const admin = express.Router()
      admin.get('/', say).get('/users/:id', say)
      app.get('/plain', say).get('/items/:id', say).get(['/one', '/two'], say)
      app.use('/admin', admin)
      app.use('/team/:team', express.Router().get('/list', say))
      app.use('/v1', express.Router().get('/x', say))
      app.use((_req, res) => say(_req, res))
    })
    await fetch(url + path)
    expect((await t.lines())[0]!.http).toMatchObject(route === undefined ? { method: 'GET' } : { route })
    expect((await t.lines())[0]!.http!['route']).toBe(route)
  })

  it('after detach nothing is recorded, and the application is served as before', async () => {
    const { t, url } = await serve(express, (app) => app.get('/', (_req, res) => void res.sendStatus(401)))
    t.audit.detach()
    expect((await fetch(url)).status).toBe(401)
    expect(await t.lines()).toEqual([])
  })

  it('says that responses can be held', async () => {
    const { t, url } = await serve(express, (app) => app.get('/', (_req, res) => void res.end()))
    expect(t.audit.health().gate).toBe('unused')
    await fetch(url)
    expect([t.audit.health().gate, t.audit.coverage().hooks]).toEqual(['socket', { express: { context: true } }])
  })
})

it('auditExpress without an audit is one clear error', () => {
  expect(() => auditExpress(undefined as never)).toThrow(expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID' }))
})
