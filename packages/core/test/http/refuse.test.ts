// Refusing: 503 and not one byte of what the application wanted to hand over.

import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { Gate } from '../../src/http/gate.js'
import { deferred, eventually, listen, RawClient, request, serveGated, turn, type Visit } from './raw.js'

const BODY = '{"error":"temporarily_unavailable","code":"TRAILPROOF_REFUSED"}\n'
const HEAD =
  'HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n' +
  `Content-Length: ${BODY.length}\r\nConnection: close\r\n\r\n`
const REFUSAL = HEAD + BODY

const refuse = () => Promise.resolve('refuse' as const)

function handOver({ res }: Visit): void {
  res.setHeader('Set-Cookie', 'sid=SECRET')
  res.end(JSON.stringify({ token: 'SECRET' }))
}

describe('a refused response', () => {
  it.each<[string, (visit: Visit) => void]>([
    ['before the application writes', (v) => (v.gate.holdUntil(refuse()), void turn().then(() => handOver(v)))],
    ['while its bytes are held', (v) => (v.gate.holdUntil(turn().then(refuse)), handOver(v))],
    [
      'by the second of two records',
      (v) => (v.gate.holdUntil(Promise.resolve('go')), v.gate.holdUntil(turn().then(refuse)), handOver(v)),
    ],
    [
      'by a record made after res.end()',
      (v) => (v.gate.holdUntil(turn().then(() => 'go')), handOver(v), v.gate.holdUntil(turn().then(refuse))),
    ],
    [
      'while it streams',
      (v) => (v.gate.holdUntil(turn().then(refuse)), v.res.write('SECRET'), void turn().then(() => handOver2(v))),
    ],
    ['by what watched it begin', (v) => (v.gate.onBegin(() => v.gate.holdUntil(refuse())), handOver(v))],
  ])('%s is 503, the connection ends, and nothing of it is sent', async (_, app) => {
    const { port, visits } = await serveGated(app)
    expect(await RawClient.to(port).send(request()).closed).toBe(REFUSAL)
    await eventually(() => visits[0]!.events.includes('close'))
  })

  const handOver2 = ({ res }: Visit) => {
    res.write('SECRET')
    res.end('SECRET')
  }

  it('too large to be held is refused where policy may refuse it', async () => {
    const { port } = await serveGated((v) => {
      v.gate.holdUntil(new Promise(() => {}), true)
      v.res.end('SECRET'.repeat(300_000))
    }, 100_000)
    expect(await RawClient.to(port).send(request()).closed).toBe(REFUSAL)
  })

  it('a large answer that policy may still refuse is held until it is known, and then arrives whole', async () => {
    const { port } = await serveGated((v) => {
      v.gate.holdUntil(
        turn().then(() => 'go' as const),
        true,
      )
      v.res.setHeader('Connection', 'close')
      v.res.end('x'.repeat(1_000_000))
    }, 100_000)
    const text = await RawClient.to(port).send(request()).closed
    expect([text.slice(0, 15), text.endsWith('x'.repeat(1_000_000))]).toEqual(['HTTP/1.1 200 OK', true])
  })

  it('has no body for HEAD', async () => {
    const { port } = await serveGated((v) => (v.gate.holdUntil(refuse()), handOver(v)))
    expect(await RawClient.to(port).send(request('/', 'HEAD')).closed).toBe(HEAD)
  })

  it('swallows the rest of what the application sends, and of what was pipelined behind it', async () => {
    const { port, visits } = await serveGated((v) => {
      if (v.req.url === '/first') v.gate.holdUntil(turn().then(refuse))
      handOver(v)
    })
    expect(await RawClient.to(port).send(request('/first'), request('/second')).closed).toBe(REFUSAL)
    expect(visits.length).toBeGreaterThan(0)
  })

  it('tells every write callback, so that streams end', async () => {
    const called: string[] = []
    const { port } = await serveGated(({ res, gate }) => {
      gate.holdUntil(turn().then(refuse))
      res.write('SECRET', () => called.push('write'))
      res.end('SECRET', () => called.push('end'))
    })
    await RawClient.to(port).send(request()).closed
    await eventually(() => called.length === 2)
    expect(called).toEqual(['write', 'end'])
  })

  it('goes out also when undoing fails', async () => {
    const { port } = await serveGated((v) => {
      v.gate.onRefuse = () => {
        throw new Error('cannot be undone')
      }
      v.gate.holdUntil(refuse())
      handOver(v)
    })
    expect(await RawClient.to(port).send(request()).closed).toBe(REFUSAL)
  })

  it('is not refused any more once its headers are out', async () => {
    const late = deferred<'refuse'>()
    const { port } = await serveGated(async (v) => {
      v.res.write('first ')
      await turn()
      v.gate.holdUntil(late.promise)
      v.res.end('second')
      late.resolve('refuse')
      await turn()
      expect(v.gate.status).toBe(200)
    })
    const text = await RawClient.to(port).send(request('/', 'GET', 'Connection: close\r\n')).closed
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*first [\s\S]*second\r\n0\r\n\r\n$/)
  })

  it('says 503 to whoever watches it begin', async () => {
    const seen: number[] = []
    const { port } = await serveGated(async (v) => {
      v.gate.holdUntil(refuse())
      v.gate.onBegin(() => seen.push(v.gate.status))
      await turn()
      handOver(v)
    })
    await RawClient.to(port).send(request()).closed
    expect(seen).toEqual([503])
  })
})

describe('over TLS', () => {
  it('responses are held and refused as over plain http', async () => {
    const { key, cert } = selfSigned()
    const release = deferred<'go' | 'refuse'>()
    const held = deferred()
    const { port } = await listen(
      (req, res) => {
        const gate = new Gate(res, 2 ** 20)
        if (req.url === '/refuse') gate.holdUntil(refuse())
        if (req.url === '/hold') gate.holdUntil(release.promise)
        res.end('SECRET')
        if (req.url === '/hold') held.resolve()
      },
      (app) => createTlsServer({ key, cert }, app) as never,
    )
    const client = () => new RawClient(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }))
    const first = client().send(request('/hold'))
    await held.promise
    await client()
      .send(request('/free'))
      .until(/SECRET/)
    expect(first.text).toBe('')
    release.resolve('go')
    await first.until(/^HTTP\/1\.1 200[\s\S]*SECRET$/)
    expect(await client().send(request('/refuse')).closed).toBe(REFUSAL)
  })
})

function selfSigned(): { key: string; cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'tp-tls-'))
  try {
    const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        keyFile,
        '-out',
        certFile,
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ],
      { stdio: 'ignore' },
    )
    const cert = readFileSync(certFile, 'utf8')
    expect(new X509Certificate(cert).subject).toBe('CN=localhost')
    return { key: readFileSync(keyFile, 'utf8'), cert }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
