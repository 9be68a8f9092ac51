// The response waits for its records, and policy may refuse it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contextOf, coreOf } from '@trailproof/core/adapter'
import session from 'express-session'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../core/test/support.js'
import { answer, deferred, eventually, quiet, RawClient, request, serve, tell, turn, versions } from './support.js'

const refuse = [{ events: '*', onFailure: 'refuse' as const, waitAtMostMs: 50 }]
const proceed = [{ events: '*', waitAtMostMs: 50 }]

describe.each(versions)('%s', (_, express) => {
  const signIn = (app: Parameters<Parameters<typeof serve>[1]>[0], t: Parameters<Parameters<typeof serve>[1]>[1]) => {
    app.get('/probe', (_req, res) => void res.send('probed'))
    app.post('/login', (_req, res) => {
      tell(t, 'login.succeeded', { actor: { id: 'u1' } })
      res.cookie('sid', 'SECRET').json({ token: 'SECRET' })
    })
  }

  it('no byte leaves before the record is durable, and then all of them at once', async () => {
    const { t, port, raw } = await serve(express, signIn)
    t.writer.hang()
    const client = raw(request('/login', 'POST'))
    await eventually(() => t.writer.appends > 1)
    await quiet(client, port)
    expect(client.text).toBe('')
    t.writer.work()
    expect(await client.until(/"SECRET"/)).toMatch(
      /^HTTP\/1\.1 200 OK[\s\S]*Set-Cookie: tp_device=[\s\S]*Set-Cookie: sid=SECRET/,
    )
    await client.send(request('/probe')).until(/probed/)
  })

  it.each(['reject', 'hang'] as const)(
    'continue: a log that would %s delays the answer no longer than allowed',
    async (fault) => {
      const { t, port } = await serve(express, signIn, { policy: proceed })
      t.writer[fault]()
      expect(await answer(port, '/login', 'POST')).toMatch(/^HTTP\/1\.1 200 OK/)
      await eventually(() => t.audit.health().status === 'red')
      expect(await answer(port, '/login', 'POST')).toMatch(/^HTTP\/1\.1 200 OK/)
      t.writer.work()
      expect(await t.lines()).toHaveLength(2)
    },
  )

  it.each(['reject', 'hang'] as const)(
    'refuse: a log that would %s means 503, no cookie, no token, and a record when it can be made',
    async (fault) => {
      const { t, port } = await serve(express, signIn, { policy: refuse })
      t.writer[fault]()
      for (let i = 0; i < 2; i++) {
        const text = await answer(port, '/login', 'POST')
        expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable[\s\S]*TRAILPROOF_REFUSED/)
        expect(text).not.toMatch(/Set-Cookie|SECRET|tp_device/)
      }
      t.writer.work()
      const lines = await t.lines()
      expect(lines.map(({ event, reason, http }) => [event, reason, http!['route']])).toEqual(
        expect.arrayContaining([['login.refused', 'record_not_safe', '/login']]),
      )
      expect(lines.filter(({ event }) => event === 'login.refused')).toHaveLength(2)
      expect(lines.filter(({ event }) => event === 'login.refused')[0]!.client).toMatchObject({ ip: '127.0.0.1' })
    },
  )

  it('refuse: what the response would have handed over is undone, newest first, whatever fails', async () => {
    const undone: string[] = []
    const { t, port } = await serve(
      express,
      (app) =>
        app.post('/login', (req, res) => {
          const context = contextOf(req)!
          context.onRefuse.push(() => void undone.push('oldest'))
          context.onRefuse.push(async () => {
            undone.push('fails')
            throw new Error('store is down')
          })
          context.onRefuse.push(async () => {
            await turn()
            undone.push('newest')
          })
          tell(t, 'login.succeeded')
          res.send('SECRET')
        }),
      { policy: refuse },
    )
    t.writer.reject()
    expect(await answer(port, '/login', 'POST')).toMatch(/^HTTP\/1\.1 503/)
    expect(undone).toEqual(['newest', 'fails', 'oldest'])
  })

  it('refuse: a session that express-session saves at the end of the response is not handed over either', async () => {
    const { t, port } = await serve(
      express,
      (app) => {
        app.use(session({ secret: 'x', resave: false, saveUninitialized: false }))
        app.post('/login', (req, res) => {
          ;(req as unknown as { session: Record<string, unknown> }).session['user'] = 1
          tell(t, 'login.succeeded')
          res.json({ token: 'SECRET' })
        })
      },
      { policy: refuse },
    )
    t.writer.hang()
    const text = await answer(port, '/login', 'POST')
    expect(text).toMatch(/^HTTP\/1\.1 503/)
    expect(text).not.toMatch(/connect\.sid|SECRET/)
  })

  it('a record made after the response has left holds and harms nothing', async () => {
    const { t, port } = await serve(
      express,
      (app) =>
        app.get('/', (req, res) => {
          res.send('done')
          res.on('finish', async () => {
            const context = contextOf(req)
            later.resolve(await coreOf(t.audit).observe({ event: 'login.failed', hook: 'late', context }))
          })
        }),
      { policy: refuse },
    )
    const later = deferred<string>()
    t.writer.reject()
    expect(await answer(port, '/')).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*done$/)
    expect(await later.promise).toBe('refuse')
  })

  it.each([
    ['continue', proceed, /^HTTP\/1\.1 200/],
    ['refuse', refuse, /^HTTP\/1\.1 503/],
  ] as const)('a file of 5 MB under %s', async (_name, policy, status) => {
    const file = join(temporaryFolder(), 'big.bin')
    writeFileSync(file, Buffer.alloc(5 * 2 ** 20, 'S'))
    const { t, port } = await serve(
      express,
      (app) =>
        app.get('/file', (_req, res) => (tell(t, 'resource.exported', { event: 'login.failed' }), res.sendFile(file))),
      { policy: [...policy] },
    )
    t.writer.hang()
    const text = await answer(port, '/file')
    expect(text).toMatch(status)
    expect(text.length > 5 * 2 ** 20).toBe(_name === 'continue')
    t.writer.work()
    expect(await answer(port, '/file')).toMatch(/^HTTP\/1\.1 200/)
  })

  it.each([
    ['continue', proceed, /^HTTP\/1\.1 200/],
    ['refuse', refuse, /^HTTP\/1\.1 503/],
  ] as const)('more than a response may hold, in one piece, under %s', async (name, policy, status) => {
    const { t, port } = await serve(
      express,
      (app) => app.get('/', (_req, res) => (tell(t, 'login.failed'), void res.end('S'.repeat(200_000)))),
      { policy: [...policy].map((rule) => ({ ...rule, waitAtMostMs: 60_000 })), limits: { gateBytes: 12_000 } }, // under refuse up to 16 times as much is held
    )
    t.writer.hang()
    const text = await answer(port, '/')
    expect(text).toMatch(status)
    expect(text.length > 200_000).toBe(name === 'continue')
  })

  it('a thousand records of one request are enough; more are dropped and counted', async () => {
    const { t, port } = await serve(express, (app) =>
      app.get('/', (_req, res) => {
        for (let i = 0; i < 1010; i++) tell(t, 'login.failed')
        res.end('ok')
      }),
    )
    expect(await answer(port, '/')).toMatch(/ok$/)
    expect(await t.lines()).toHaveLength(1000)
    expect(t.audit.health()).toMatchObject({ status: 'red', dropped: 10 })
  })

  it('the device cookie: one browser, one device; never on a cacheable answer', async () => {
    const { t, url } = await serve(express, (app) => {
      app.use((req, res, next) => (req.url === '/cached' && res.set('Cache-Control', 'public, max-age=60'), next()))
      app.use((_req, res) => (tell(t, 'login.failed'), void res.cookie('app', '1').send('x')))
    })
    const first = await fetch(`${url}/`)
    const [device, own] = first.headers.getSetCookie()
    expect([device, own]).toEqual([expect.stringMatching(/^tp_device=v1\./), 'app=1; Path=/'])
    const again = await fetch(`${url}/`, { headers: { cookie: device!.split(';')[0]! } })
    expect(again.headers.getSetCookie()).toEqual(['app=1; Path=/'])
    expect((await fetch(`${url}/cached`)).headers.getSetCookie()).toEqual(['app=1; Path=/'])
    const [one, two, cached] = (await t.lines()).map((line) => line.client!)
    expect([one!['device_source'], two!['device_source'], two!['device'], cached!['device']]).toEqual([
      'issued',
      'cookie',
      one!['device'],
      undefined,
    ])
  })

  it('hundreds of requests on one connection leave no listener and no property behind', async () => {
    const warnings: string[] = []
    const heard = (warning: Error) => warnings.push(warning.name)
    process.on('warning', heard)
    const { t, port } = await serve(express, (app) =>
      app.get(
        '/',
        (req, res) => (sockets.push(req.socket), tell(t, 'token.verified'), tell(t, 'login.failed'), void res.end('.')),
      ),
    )
    const sockets: import('node:net').Socket[] = []
    const client = RawClient.to(port)
    for (let i = 0; i < 10; i++) client.send(request().repeat(30))
    await client.until((text) => text.match(/HTTP\/1\.1 200/g)?.length === 300)
    await turn()
    process.off('warning', heard)
    const [socket] = sockets
    expect(new Set(sockets).size).toBe(1)
    expect({
      warnings,
      own: ['write', 'end', 'writableLength'].filter((name) => Object.hasOwn(socket!, name)),
      closers: socket!.listenerCount('close') < 10,
    }).toEqual({ warnings: [], own: [], closers: true })
  })
})
