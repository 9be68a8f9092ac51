// Timestamps, against `openssl ts` as authority and as second opinion.
import { X509Certificate } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { timestampAnchor, timestampSource } from '../src/index.js'
import { mustChain as mustChainOf, mustStamp as mustStampOf } from '../src/rfc3161/chain.js'
import { timestampRequest } from '../src/rfc3161/request.js'
import { verifyResponse } from '../src/rfc3161/token.js'
import { trustedCertificates } from '../src/rfc3161/trusted.js'
import { Authority, bodyOf, noOpenssl, serve } from './authority.js'
import { checkpointOf, noProof, origin, signal } from './support.js'

if (noOpenssl) console.warn(noOpenssl)

describe.skipIf(noOpenssl)('timestamps', () => {
  let authority: Authority
  const ca = (name = 'root') => trustedCertificates(authority.pem(name))
  const STAMPS = 'critical,timeStamping'

  beforeAll(() => {
    authority = new Authority()
    authority.certify({ name: 'root', ca: true })
    authority.certify({ name: 'middle', ca: true }, 'root')
    authority.certify({ name: 'tsa', usage: STAMPS, type: 'rsa' }, 'middle')
    authority.certify({ name: 'stranger', ca: true })
  })
  afterAll(() => authority.remove())

  const { note, size } = checkpointOf(500)
  const over = Buffer.from(note)
  const replied = (...args: [signer?: string, chain?: string[], digest?: string]) => {
    const { request, nonce } = timestampRequest(over)
    return { answer: authority.reply(request, ...args), nonce }
  }

  it('a checkpoint is stamped, and openssl accepts what is kept', async () => {
    const kinds: (string | undefined)[] = []
    const { url, close } = await serve(async (req, res) => {
      kinds.push(req.headers['content-type'], req.headers['x-key'] as string, req.method)
      res.setHeader('content-type', 'application/timestamp-reply').end(authority.reply(await bodyOf(req)))
    })
    onTestFinished(() => void close())
    const anchor = timestampAnchor({ url, ca: authority.pem('root'), headers: { 'x-key': 'k' } })
    const before = Date.now()
    const { files, time } = await anchor.publish(checkpointOf(size), noProof, signal())
    expect(kinds).toEqual(['application/timestamp-query', 'k', 'POST'])
    expect(files.map(({ name }) => name)).toEqual([
      'tsa-00000000000000000500.checkpoint',
      'tsa-00000000000000000500.tsr',
    ])
    expect(Math.abs(time!.getTime() - before)).toBeLessThan(60_000)
    for (const { name, bytes } of files) writeFileSync(authority.path(name), bytes)
    const [data, tsr] = files.map(({ name }) => name) as [string, string]
    expect([authority.verifies(tsr, data), authority.verifies(tsr, data, 'stranger')]).toEqual([true, false])
    expect(anchor.latest).toBeUndefined()
  })

  it.each(['sha256', 'sha384', 'sha512'])('a signature over %s is verified', (digest) => {
    const { answer, nonce } = replied('tsa', ['middle'], digest)
    expect(verifyResponse(answer, { over, ca: ca(), nonce }).time).toBeInstanceOf(Date)
  })

  it('an authority with an elliptic curve, directly under a trusted certificate, is verified', () => {
    authority.certify({ name: 'ec', usage: STAMPS }, 'root')
    const { answer, nonce } = replied('ec', [])
    expect(verifyResponse(answer, { over, ca: ca(), nonce }).time).toBeInstanceOf(Date)
  })

  it('an intermediate certificate may be the trusted one', () => {
    const { answer } = replied('tsa', [])
    expect(verifyResponse(answer, { over, ca: ca('middle') }).time).toBeInstanceOf(Date)
    expect(() => verifyResponse(answer, { over, ca: ca() })).toThrow('does not lead to one that is trusted')
  })

  it('a token of another authority is refused', () => {
    const { answer } = replied()
    expect(() => verifyResponse(answer, { over, ca: ca('stranger') })).toThrow('does not lead to one that is trusted')
  })

  it('a token for another checkpoint is refused', () => {
    const { answer } = replied()
    expect(() => verifyResponse(answer, { over: Buffer.from(checkpointOf(501).note), ca: ca() })).toThrow(
      'it was made for something else',
    )
  })

  it('a token with another nonce is refused: it may be an old one, sent again', () => {
    const { answer } = replied()
    expect(() => verifyResponse(answer, { over, ca: ca(), nonce: timestampRequest(over).nonce })).toThrow(
      'it does not bear the nonce of the request',
    )
  })

  it('a certificate that is not for timestamping alone, or not the one that was signed with, is refused', () => {
    // openssl does not stamp with a wrong certificate, so another one for the same key, name and number is put in its place:
    // under an RSA root they are all of one length.
    authority.certify({ name: 'rsa-root', ca: true, type: 'rsa' })
    authority.certify({ name: 'twin' }, 'rsa-root')
    const twin = (name: string, usage: string, days: string) => {
      writeFileSync(authority.path(`${name}.ext`), `extendedKeyUsage=${usage}\n`)
      authority.openssl(
        ...['x509', '-req', '-in', 'twin.csr', '-CA', 'rsa-root.pem', '-CAkey', 'rsa-root.key', '-set_serial', '4711'],
        ...['-days', days, '-sha256', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
      )
      return trustedCertificates(authority.pem(name))[0]!.raw
    }
    const good = twin('good', STAMPS, '2')
    copyFileSync(authority.path('twin.key'), authority.path('good.key'))
    const { answer } = replied('good', [])
    const verifyWith = (certificate: Buffer) => {
      const at = answer.indexOf(good)
      expect([at > 0, certificate.length]).toEqual([true, good.length])
      const swapped = Buffer.concat([answer.subarray(0, at), certificate, answer.subarray(at + good.length)])
      return verifyResponse(swapped, { over, ca: ca('rsa-root') })
    }
    expect(verifyWith(good).time).toBeInstanceOf(Date)
    expect(() => verifyWith(twin('code', 'critical,codeSigning', '2'))).toThrow('is not for timestamping alone')
    expect(() => verifyWith(twin('later', STAMPS, '3'))).toThrow('does not name the certificate that it brings')

    for (const usage of ['critical,timeStamping,serverAuth', 'timeStamping'])
      expect(() => mustStampOf(new X509Certificate(twin('lax', usage, '2')))).toThrow('is not for timestamping alone')
  })

  it('a certificate that was not valid when the token says it was made is refused', () => {
    const [tsa] = ca('tsa')
    const years = (n: number) => new Date(Date.now() + n * 365 * 86_400_000)
    for (const at of [years(-1), years(1)])
      expect(() => mustChainOf(tsa!, ca('middle'), ca(), at)).toThrow(/was not valid at/)
    expect(() => mustChainOf(tsa!, ca('middle'), ca(), new Date())).not.toThrow()
  })

  it('who is no authority cannot sign for one, and a limit on the length of the way is kept', () => {
    authority.certify({ name: 'leaf' }, 'root')
    authority.certify({ name: 'under-leaf', usage: STAMPS }, 'leaf')
    authority.certify({ name: 'short', ca: true, pathlen: 0 })
    authority.certify({ name: 'short-middle', ca: true }, 'short')
    authority.certify({ name: 'too-deep', usage: STAMPS }, 'short-middle')
    const now = new Date()
    expect(() => mustChainOf(ca('under-leaf')[0]!, ca('leaf'), ca(), now)).toThrow('does not lead')
    expect(() => mustChainOf(ca('too-deep')[0]!, ca('short-middle'), ca('short'), now)).toThrow('does not lead')
  })

  it('certificates that signed one another end the search', () => {
    // Two keys, each certifying the other: nothing here leads to a trusted one, and looking for it must end.
    authority.certify({ name: 'ring-a', ca: true })
    authority.certify({ name: 'ring-b', ca: true }, 'ring-a')
    authority.openssl(
      'x509',
      '-in',
      'ring-a.pem',
      '-CA',
      'ring-b.pem',
      '-CAkey',
      'ring-b.key',
      '-set_serial',
      '77',
      '-out',
      'ring-a2.pem',
    )
    authority.certify({ name: 'ring-tsa', usage: STAMPS }, 'ring-b')
    const ring = [...ca('ring-a'), ...ca('ring-a2'), ...ca('ring-b')]
    expect(() => mustChainOf(ca('ring-tsa')[0]!, ring, ca(), new Date())).toThrow('does not lead')
  })

  it('whichever byte is changed, the token never says another time, nor stands for other bytes', () => {
    const { answer, nonce } = replied()
    const { time } = verifyResponse(answer, { over, ca: ca(), nonce })
    const trusted = ca()
    let refused = 0
    for (let at = 0; at < answer.length; at += 23) {
      const altered = Buffer.from(answer)
      altered[at]! ^= 1 << (at % 8)
      try {
        expect(verifyResponse(altered, { over, ca: trusted, nonce }).time).toEqual(time)
      } catch (error) {
        expect((error as Error).name).toBe('TokenFault')
        refused++
      }
    }
    expect(refused).toBeGreaterThan(answer.length / 92)
    for (let length = 0; length < answer.length; length += 97)
      expect(() => verifyResponse(answer.subarray(0, length), { over, ca: trusted })).toThrow()
  })

  it.each<[string, (answer: Buffer) => Buffer | undefined, string]>([
    ['garbage', () => Buffer.from('<html>not found</html>'), 'it is no answer of a timestamp authority'],
    ['nothing', () => Buffer.alloc(0), 'it is no answer of a timestamp authority'],
    ['a refusal', () => Buffer.from('30053003020102', 'hex'), 'the authority did not grant it: rejection'],
    ['an answer without end', () => Buffer.alloc(70_000, 0x30), 'longer than 65536 bytes'],
    ['a break in the middle', () => undefined, 'broke off'],
  ])('%s from the authority is a failure that names itself', async (_, spoil, message) => {
    const { url, close } = await serve(async (_req, res) => {
      const bytes = spoil(Buffer.alloc(0))
      if (bytes) return void res.end(bytes)
      res.writeHead(200, { 'content-length': '1000' }).write('half')
      setImmediate(() => res.destroy())
    })
    onTestFinished(() => void close())
    const anchor = timestampAnchor({ url, ca: authority.pem('root') })
    await expect(anchor.publish(checkpointOf(size), noProof, signal())).rejects.toMatchObject({
      code: 'TRAILPROOF_ANCHOR_FAILED',
      message: expect.stringContaining(message),
    })
  })

  it('an authority that is down, answers 500, redirects or hangs is a failure', async () => {
    const { url, close } = await serve((req, res) => {
      if (req.url === '/500') res.writeHead(500).end()
      else if (req.url === '/302') res.writeHead(302, { location: '/500' }).end()
    })
    const publish = (path: string, s = signal()) =>
      timestampAnchor({ url: url + path, ca: authority.pem('root') }).publish(checkpointOf(size), noProof, s)
    const code = 'TRAILPROOF_ANCHOR_FAILED'
    await expect(publish('/500')).rejects.toMatchObject({ code, message: expect.stringContaining('answered 500') })
    await expect(publish('/302')).rejects.toMatchObject({ code })
    await expect(publish('/hangs', AbortSignal.timeout(50))).rejects.toMatchObject({ code })
    await close()
    await expect(publish('/down')).rejects.toMatchObject({ code })
  })

  it('kept timestamps are verified with the root alone; those that do not hold are named', async () => {
    const kept = new Map<string, Uint8Array>()
    const anchor = timestampAnchor({ url: async (request) => authority.reply(request), ca: authority.pem('root') })
    for (const n of [3, 7, 9])
      for (const { name, bytes } of (await anchor.publish(checkpointOf(n), noProof, signal())).files)
        kept.set(name, bytes)
    const name = (n: number, end: string) => `tsa-${String(n).padStart(20, '0')}.${end}`
    const receipts = { names: async () => [...kept.keys()], read: async (file: string) => kept.get(file) }
    const source = timestampSource({ ca: authority.pem('root') })
    const all = await source.read(origin, receipts)
    expect([all.checkpoints.map(({ note }) => note), all.refused]).toEqual([
      [3, 7, 9].map((n) => checkpointOf(n).note),
      [],
    ])
    expect(all.checkpoints.every(({ time }) => time instanceof Date)).toBe(true)

    kept.set(name(7, 'tsr'), kept.get(name(9, 'tsr'))!)
    kept.delete(name(3, 'checkpoint'))
    kept.set(name(12, 'tsr'), kept.get(name(9, 'tsr'))!)
    kept.set(name(12, 'checkpoint'), Buffer.from(checkpointOf(12, 12, 'shop/b/shop-0').note))
    const some = await source.read(origin, receipts)
    expect([some.checkpoints.map(({ note }) => note), some.refused]).toEqual([
      [checkpointOf(9).note],
      [
        `${name(3, 'tsr')}: it is not there as a whole: the answer and the checkpoint belong together`,
        `${name(7, 'tsr')}: it was made for something else`,
        `${name(12, 'tsr')}: what was stamped is no checkpoint of ${origin}`,
      ],
    ])
    expect((await timestampSource({ ca: authority.pem('stranger') }).read(origin, receipts)).checkpoints).toEqual([])
  })
})

it.each<[string, object]>([
  ['no address', { url: undefined, ca: '' }],
  ['a file', { url: 'file:///etc/passwd' }],
  ['an address with a password', { url: 'https://a:b@tsa.example' }],
  ['no certificate', { url: 'https://tsa.example', ca: 'root' }],
])('%s: one clear error', (_, options) => {
  expect(() => timestampAnchor(options as never)).toThrow(
    expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID' }),
  )
})
