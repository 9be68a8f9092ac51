import { randomBytes } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { coreOf, openContext } from '../../src/adapter.js'
import { DeviceCookies } from '../../src/http/device.js'
import { testAudit } from '../support.js'

const DAY = 86_400_000
const options = { mode: 'auth' as const, maxAgeDays: 180, domain: undefined as string | undefined }

function service({
  keys = [randomBytes(32)],
  at = Date.UTC(2026, 10, 23),
  ...more
}: {
  keys?: Buffer[]
  at?: number
  domain?: string
} = {}) {
  return new DeviceCookies(keys, { ...options, ...more }, () => at)
}

/** What `set` sends: undefined when it sends nothing. */
function issued(
  cookies: DeviceCookies,
  { secure = false, loopback = true, headers = {} as Record<string, string | string[]>, id = cookies.make() } = {},
) {
  const res = new ServerResponse(new IncomingMessage(undefined as never))
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  const set = cookies.set(res, id, secure, loopback)
  const sent = [res.getHeader('set-cookie') ?? []].flat() as string[]
  return { id, set, sent, pair: sent.at(-1)?.split(';')[0] ?? '' }
}

describe('a device cookie', () => {
  it('comes back as the device it was issued to', () => {
    const cookies = service()
    const { id, pair, sent } = issued(cookies)
    expect(id).toMatch(/^[\w-]{24}$/)
    expect(sent).toEqual([`${pair}; Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax`])
    expect(pair).toMatch(/^tp_device=v1\.[\w-]{24}\.[0-9a-z]+\.[\w-]{43}$/)
    expect(cookies.read(`other=1; ${pair}`)).toEqual({ id, source: 'cookie' })
  })

  it('over TLS is bound to the host, and only such a one counts there', () => {
    const cookies = service()
    const { id, sent, pair } = issued(cookies, { secure: true })
    expect(sent).toEqual([expect.stringMatching(/^__Host-tp_device=.*; Path=\/; HttpOnly; SameSite=Lax; Secure$/)])
    expect(sent[0]).not.toContain('Domain')
    expect(cookies.read(pair, true)).toEqual({ id, source: 'cookie' })
    expect(cookies.read(issued(cookies).pair, true)).toEqual({}) // planted over plain http
  })

  it('for several hosts has the domain, and no prefix that forbids it', () => {
    const cookies = service({ domain: 'example.com' })
    const { sent, pair, id } = issued(cookies, { secure: true })
    expect(sent).toEqual([expect.stringMatching(/^tp_device=.*; Secure; Domain=example\.com$/)])
    expect(cookies.read(pair, true)).toEqual({ id, source: 'cookie' })
  })

  it('is believed under an older key, and not under a foreign one', () => {
    const [old, now] = [randomBytes(32), randomBytes(32)]
    const { id, pair } = issued(service({ keys: [old] }))
    expect(service({ keys: [now, old] }).read(pair)).toEqual({ id, source: 'cookie' })
    expect(service({ keys: [now] }).read(pair)).toEqual({ rejected: 'bad_signature' })
  })

  it('ends after its days', () => {
    const [keys, at] = [[randomBytes(32)], Date.UTC(2026, 10, 23)]
    const { id, pair } = issued(service({ keys, at }))
    expect(service({ keys, at: at + 179 * DAY }).read(pair)).toEqual({ id, source: 'cookie' })
    expect(service({ keys, at: at + 181 * DAY }).read(pair)).toEqual({ rejected: 'expired' })
  })

  it('changed anywhere is not believed', () => {
    const cookies = service()
    const { pair } = issued(cookies)
    for (let at = 'tp_device='.length; at < pair.length; at++) {
      const changed = pair.slice(0, at) + (pair[at] === 'A' ? 'B' : 'A') + pair.slice(at + 1)
      if (at < pair.length - 1) expect(cookies.read(changed).rejected, changed).toBeDefined()
    }
    for (const junk of [
      '',
      'v1',
      'v1...',
      'x',
      `${pair.slice(10)}.more`,
      'v2'.padEnd(200, '.'),
      'v1.'.padEnd(9000, 'a'),
    ])
      expect(cookies.read(`tp_device=${junk}`)).toEqual({ rejected: 'malformed' })
    expect(cookies.read(undefined)).toEqual({})
  })

  it('is found among others of the name that someone planted beside it', () => {
    const cookies = service()
    const { id, pair } = issued(cookies)
    const forged = issued(service()).pair
    expect(cookies.read(`${forged}; tp_device=junk; ${pair}`)).toEqual({ id, source: 'cookie' })
    expect(cookies.read(`${forged}; tp_device=junk`)).toEqual({ rejected: 'bad_signature' })
  })

  it.each<[string, Record<string, string>, boolean]>([
    ['no caching header', {}, true],
    ['no-store', { 'Cache-Control': 'no-store' }, true],
    ['private with an age', { 'Cache-Control': 'private, max-age=60' }, true],
    ['max-age=0', { 'Cache-Control': 'max-age=0' }, true],
    ['an Expires that has passed', { Expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }, true],
    ['Expires, overruled', { Expires: 'Thu, 01 Jan 2099 00:00:00 GMT', 'Cache-Control': 'no-store' }, true],
    ['public', { 'Cache-Control': 'PUBLIC' }, false],
    ['s-maxage', { 'Cache-Control': 's-maxage=60' }, false],
    ['max-age', { 'Cache-Control': 'max-age=60' }, false],
    ['immutable', { 'Cache-Control': 'immutable' }, false],
    ['an Expires to come', { Expires: 'Thu, 01 Jan 2099 00:00:00 GMT' }, false],
  ])('goes out or not beside %s', (_, headers, set) => expect(issued(service(), { headers }).set).toBe(set))

  it('does not go over plain http off loopback, nor after the headers', () => {
    expect(issued(service(), { loopback: false })).toMatchObject({ set: false, sent: [] })
    const res = new ServerResponse(new IncomingMessage(undefined as never))
    res.writeHead(200)
    expect(service().set(res, 'x'.repeat(24), true, true)).toBe(false)
  })

  it.each<[string, (res: ServerResponse) => void, boolean]>([
    ['nothing about caches', (res) => res.writeHead(200), true],
    ['in a header', (res) => res.setHeader('cache-control', 'public, max-age=60').writeHead(200), false],
    ['that it is private', (res) => res.setHeader('cache-control', 'private, max-age=60').writeHead(200), true],
    ['in writeHead', (res) => res.writeHead(200, { 'Cache-Control': 's-maxage=60' }), false],
    ['in writeHead, with a message', (res) => res.writeHead(200, 'Fine', { 'cache-control': 'max-age=60' }), false],
    ['in writeHead, as a list', (res) => res.writeHead(200, ['Cache-Control', 'immutable']), false],
    ['in writeHead, that it is not stored', (res) => res.writeHead(200, { 'cache-control': 'no-store' }), true],
    ['by an expiry', (res) => res.writeHead(200, { expires: new Date(Date.now() + 60_000).toUTCString() }), false],
  ])(
    'after the attempt the application says %s: only then it is known whether the cookie stays',
    (_said, say, stays) => {
      for (const own of [[], ['sid=1']]) {
        const res = new ServerResponse(new IncomingMessage(undefined as never))
        const { writeHead } = res
        if (own.length) res.setHeader('Set-Cookie', own)
        expect(service().set(res, 'x'.repeat(24), false, true)).toBe(true)
        expect([res.writeHead.name, res.writeHead.length]).toEqual([writeHead.name, writeHead.length])
        say(res)
        const header = (res as unknown as { _header: string })._header
        expect(header.includes('tp_device=')).toBe(stays)
        expect(header.includes('sid=1')).toBe(own.length > 0)
        expect([res.writeHead, Object.keys(res)]).toEqual([writeHead, expect.not.arrayContaining(['writeHead'])])
      }
    },
  )

  it("stands beside the application's own cookies", () => {
    const { sent } = issued(service(), { headers: { 'Set-Cookie': ['sid=1; HttpOnly', 'theme=dark'] } })
    expect(sent).toEqual(['sid=1; HttpOnly', 'theme=dark', expect.stringMatching(/^tp_device=/)])
  })

  it('calls the wrapper that a library has assigned before, once, and leaves it in its place', () => {
    const res = new ServerResponse(new IncomingMessage(undefined as never))
    const original = res.writeHead as (...args: unknown[]) => ServerResponse
    let calls = 0
    function theirs(this: ServerResponse, ...args: unknown[]) {
      calls++
      return original.apply(this, args)
    }
    res.writeHead = theirs as ServerResponse['writeHead']
    const before = Object.getOwnPropertyDescriptor(res, 'writeHead')
    const cookies = service()
    expect(cookies.set(res, cookies.make(), false, true)).toBe(true)
    expect(res.writeHead).not.toBe(theirs)
    res.writeHead(200, { 'cache-control': 'public' })
    expect([calls, res.getHeader('set-cookie')]).toEqual([1, undefined])
    expect(Object.getOwnPropertyDescriptor(res, 'writeHead')).toEqual(before)
  })
})

describe('in records', () => {
  async function attempt(t: ReturnType<typeof testAudit>, cookie?: string, event = 'login.failed') {
    const res = new ServerResponse(new IncomingMessage(undefined as never))
    const req = { headers: { cookie }, socket: {} } as never
    const context = openContext(coreOf(t.audit), req, res, {
      address: { ip: '127.0.0.1', peer: '127.0.0.1', source: 'socket', forwardedIgnored: false },
      route: () => undefined,
    })
    await coreOf(t.audit).observe({ event, hook: 'h', context })
    const { device, device_source, device_rejected } = (await t.lines()).at(-1)!.client!
    return { device, device_source, device_rejected, cookie: String(res.getHeader('set-cookie') ?? '').split(';')[0]! }
  }

  it('one browser is one device, from its first attempt on, and never by its cookie value', async () => {
    const t = testAudit()
    const first = await attempt(t)
    const second = await attempt(t, first.cookie, 'login.succeeded')
    expect(first).toEqual({
      device: expect.stringMatching(/^[\w-]{22}$/),
      device_source: 'issued',
      device_rejected: undefined,
      cookie: expect.stringMatching(/^tp_device=/),
    })
    expect(second).toEqual({ device: first.device, device_source: 'cookie', device_rejected: undefined, cookie: '' })
    expect(t.raw().join('')).not.toContain(first.cookie.split('.')[1])
    expect((await attempt(t)).device).not.toBe(first.device)
  })

  it('a forged cookie is told, and replaced', async () => {
    const t = testAudit()
    const forged = await attempt(t, `tp_device=v1.${'a'.repeat(24)}.abc.${'b'.repeat(43)}`)
    expect(forged).toEqual({
      device: expect.any(String),
      device_source: 'issued',
      device_rejected: 'bad_signature',
      cookie: expect.stringMatching(/^tp_device=/),
    })
  })

  it('what is no attempt to sign in issues none', async () => {
    expect(await attempt(testAudit(), undefined, 'token.rejected')).toEqual({
      device: undefined,
      device_source: undefined,
      device_rejected: undefined,
      cookie: '',
    })
  })

  it('mode off issues none and reads none', async () => {
    const cookie = (await attempt(testAudit())).cookie
    expect(await attempt(testAudit({ device: 'off' }), cookie)).toEqual({
      device: undefined,
      device_source: undefined,
      device_rejected: undefined,
      cookie: '',
    })
  })
})
