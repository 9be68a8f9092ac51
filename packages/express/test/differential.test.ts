// An application answers the same, byte for byte, with and without the audit: dates and the device cookie aside.
import { writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import session from 'express-session'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../core/test/support.js'
import { auditExpress, audited } from '../src/index.js'
import {
  type App,
  type Express,
  listen,
  masked,
  RawClient,
  request,
  type TestAudit,
  tell,
  testAudit,
  turn,
  versions,
} from './support.js'

const big = Buffer.alloc(300_000, 'abcdefghij')

function application(express: Express, file: string, t?: TestAudit): App {
  const app = express()
  app.set('env', 'test')
  if (t) app.use(auditExpress(t.audit))
  // As a sign-in would: a record that the answer has to wait for.
  app.use((_req, _res, next) => (t && tell(t, 'login.failed'), next()))
  app.get('/json', (_req, res) => void res.json({ a: [1, 'ü'] }))
  app.get('/text', (_req, res) => void res.set('ETag', 'W/"fixed"').send('hello'))
  app.get('/empty', (_req, res) => void res.status(204).end())
  app.get('/redirect', (_req, res) => res.redirect('/json'))
  app.get('/denied', (_req, res) => void res.status(401).set('WWW-Authenticate', 'Basic').send('no'))
  app.get('/thrown', () => {
    throw Object.assign(new Error('thrown'), { status: 418, expose: true })
  })
  app.get('/audited', audited('invoice.exported' as never), (_req, res) => void res.type('csv').send('a;b'))
  app.get('/cookies', (_req, res) => void res.cookie('a', '1').cookie('b', '2', { httpOnly: true }).send('ok'))
  app.get(
    '/session',
    session({ secret: 'x', resave: false, saveUninitialized: false, genid: () => 'fixed' }),
    (req, res) => {
      ;(req as unknown as { session: Record<string, unknown> }).session['user'] = 1
      res.json({ ok: true })
    },
  )
  app.get('/file', (_req, res) =>
    res.sendFile(file, { headers: { 'Last-Modified': 'x' }, etag: false, lastModified: false }),
  )
  app.get('/download', (_req, res) => res.download(file, 'name.bin', { etag: false, lastModified: false } as never))
  app.get('/big', (_req, res) => void res.set('Content-Length', String(big.length)).end(big))
  app.get('/chunks', async (_req, res) => {
    for (let i = 0; i < 5; i++) {
      res.write(`chunk ${i}\n`)
      await turn()
    }
    res.end()
  })
  app.get('/piped', (_req, res) => void Readable.from([big.subarray(0, 100_000), big.subarray(0, 50_000)]).pipe(res))
  app.get(
    '/gzip',
    (_req, res) =>
      void (res.set('Content-Encoding', 'gzip').removeHeader('Content-Length'),
      Readable.from([big]).pipe(createGzip()).pipe(res)),
  )
  app.get('/gzipped', (_req, res) => void res.set('Content-Encoding', 'gzip').end(gzipSync(big)))
  app.get('/through', (_req, res) => {
    const upper = new Transform({ transform: (chunk, _, done) => done(null, String(chunk).toUpperCase()) })
    Readable.from(['a', 'b']).pipe(upper).pipe(res)
  })
  app.get('/hints', (_req, res) => {
    res.writeEarlyHints?.({ link: '</x.css>; rel=preload; as=style' })
    res.send('hinted')
  })
  app.get('/raw', (_req, res) => void res.writeHead(200, 'Fine', { 'X-A': 'b', 'Content-Length': '2' }).end('ok'))
  app.post('/echo', express.json(), (req, res) => void res.json(req.body))
  app.get('/destroyed', (_req, res) => void res.destroy())
  return app
}

const paths = [
  '/json',
  '/text',
  '/empty',
  '/redirect',
  '/denied',
  '/thrown',
  '/audited',
  '/cookies',
  '/session',
  '/file',
  '/download',
  '/big',
  '/chunks',
  '/piped',
  '/gzip',
  '/gzipped',
  '/through',
  '/hints',
  '/raw',
  '/nowhere',
  '/destroyed',
]

const comparable = (text: string) => masked(text).replace(/Set-Cookie: tp_device=[^\r]*\r\n/g, '')

describe.each(versions)('%s', (_, express) => {
  async function both(speak: (port: number) => Promise<string>, device: 'auth' | 'off' = 'off') {
    const file = join(temporaryFolder(), 'file.bin')
    writeFileSync(file, big)
    const plain = await listen(application(express, file) as RequestListener)
    const with_ = await listen(application(express, file, testAudit({ device })) as RequestListener)
    const [without, audited] = [await speak(plain.port), await speak(with_.port)]
    return { without: comparable(without), audited: comparable(audited) }
  }
  const ask =
    (method: string, path: string, headers = '') =>
    (port: number) =>
      RawClient.to(port).send(request(path, method, `Connection: close\r\n${headers}`)).closed

  it.each(paths)('GET %s', async (path) => {
    const { without, audited } = await both(ask('GET', path))
    expect(audited === without || { audited, without }).toBe(true)
  })

  it.each(paths)('HEAD %s', async (path) => {
    const { without, audited } = await both(ask('HEAD', path))
    expect(audited).toBe(without)
  })

  it('304 for a known entity, and a part of a file', async () => {
    for (const speak of [
      ask('GET', '/text', 'If-None-Match: W/"fixed"\r\n'),
      ask('GET', '/file', 'Range: bytes=10-99\r\n'),
    ]) {
      const { without, audited } = await both(speak)
      expect(audited).toBe(without)
      expect(audited).toMatch(/^HTTP\/1\.1 (304|206)/)
    }
  })

  it('with the device cookie, all headers but that one are the same', async () => {
    const headers = (text: string) => text.split('\r\n\r\n')[0]!.split('\r\n').sort()
    for (const path of ['/cookies', '/session', '/json', '/file']) {
      const { without, audited } = await both(ask('GET', path), 'auth')
      expect(headers(audited)).toEqual(headers(without))
    }
  })

  it('everything on one connection: kept alive, pipelined, with a body and 100 Continue in between', async () => {
    const { without, audited } = await both(async (port) => {
      const client = RawClient.to(port)
      client.send(
        ...['/json', '/text', '/chunks', '/piped', '/redirect', '/denied', '/raw'].map((path) => request(path)),
      )
      client.send(
        request('/echo', 'POST', 'Content-Type: application/json\r\nContent-Length: 13\r\nExpect: 100-continue\r\n'),
        '{"said":"yes"}'.slice(0, 13),
      )
      client.send(request('/cookies', 'GET', 'Connection: close\r\n'))
      return client.closed
    })
    expect(audited).toBe(without)
    expect(audited.match(/HTTP\/1\.1 \d/g)!.length).toBeGreaterThan(8)
  })
})
