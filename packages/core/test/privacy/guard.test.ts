// No secret of a request reaches the log, in any of its usual spellings; what is no secret does.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuditedRequest, coreOf, openContext, runInContext } from '../../src/adapter.js'
import { encodings, redactor } from '../../src/privacy/guard.js'
import { testAudit } from '../support.js'

/** A request as a framework would hand it over. */
export function request(more: { headers?: Record<string, string>; body?: unknown; url?: string } = {}): AuditedRequest {
  return { headers: {}, method: 'POST', url: '/login', socket: { remoteAddress: '127.0.0.1' }, ...more } as never
}

const response = () => ({ socket: null, once() {}, headersSent: true }) as never

const spellings: ((secret: string) => string)[] = [
  (s) => s,
  (s) => encodeURIComponent(s),
  (s) => encodeURIComponent(s).replace(/%../g, (code) => code.toLowerCase()),
  (s) => new URLSearchParams([['', s]]).toString().slice(1),
  (s) => JSON.stringify(s).slice(1, -1),
  (s) => Buffer.from(s).toString('hex'),
  ...[0, 1, 2].flatMap((shift) =>
    (['base64', 'base64url'] as const).map(
      (as) => (s: string) => Buffer.from(`${'#'.repeat(shift)}${s}!`).toString(as),
    ),
  ),
]

/** Looks for a secret as an investigator would: in every spelling, also inside JSON strings. */
function found(lines: string, secret: string): boolean {
  const bytes = Buffer.from(secret)
  const cores = [0, 1, 2].flatMap((shift) => {
    const core = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice([0, 2, 3][shift], (bytes.length + shift) % 3 ? -1 : undefined)
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const texts = [lines, lines.replaceAll('\\\\', '\\'), lines.replaceAll('\\"', '"')]
  const looked = [
    ...spellings.slice(0, 6).map((spell) => spell(secret)),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    ...(bytes.length >= 8 ? cores : []),
  ]
  return texts.some((text) => looked.some((needle) => text.includes(needle)))
}

// Letters, digits, unicode, what URLs and JSON escape; at least one character that no other part of a record has.
const secrets = fc
  .array(fc.constantFrom(...'abcXYZ0189 +/%&"\\<>=.é€😀ß\u202e漢'), { minLength: 8, maxLength: 40 })
  .map((characters) => `q${characters.join('').trim()}Q7`)
  .filter((secret) => secret.length >= 8)

describe('a secret of the request', () => {
  it('never stands in the record, wherever and however it was put there', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, fc.constantFrom(...spellings), fc.nat(2000), async (secret, spell, at) => {
        const t = testAudit()
        const said = spell(secret)
        const long = `${'x'.repeat(at)}${said}${'y'.repeat(3000)}`
        const req = request({
          body: { password: secret },
          headers: { 'user-agent': `app/1 ${said}`, 'x-request-id': said, cookie: `sid=${encodeURIComponent(secret)}` },
        })
        const context = openContext(coreOf(t.audit), req, response(), { address: {} as never, route: () => '/login' })
        context.secrets.add(secret)
        await runInContext(context, () =>
          t.audit.record({
            event: 'login.failed',
            target: { type: 'thing', id: said },
            auth: { strategy: `s ${said}` },
            tenant: said,
            data: { long, [`key ${said}`]: [{ deep: said }] },
          }),
        )
        await coreOf(t.audit).observe({
          event: 'login.failed',
          hook: 'h',
          reason: said,
          token: { verified: false, kid: said, iss: long, aud: [said] },
          context,
        })
        await t.audit.flush()
        const lines = t.raw().filter((line) => line.includes('login.failed'))
        expect(lines).toHaveLength(2)
        expect(found(lines.join('\n'), secret)).toBe(false)
        // A canary that was no secret, put in the same way, is found: the search would have seen the secret too.
        await t.audit.record({ event: 'login.failed', data: { canary: spell('canary 99 é') } })
        expect(found(t.raw().join('\n'), 'canary 99 é')).toBe(true)
        await t.audit.close()
      }),
      { numRuns: 60 },
    )
  })

  it('is not left behind as a piece where a text is cut', async () => {
    const secret = 'S3cret-'.repeat(10)
    const clean = redactor([secret])
    for (let at = 0; at < 128; at++) expect(clean(`${'x'.repeat(at)}${secret}tail`, 100)).not.toContain('S3cret')
  })

  it('longer than anything a record holds is not left behind either', () => {
    const token = Array.from({ length: 3000 }, (_, i) => `t${i}`).join('')
    for (const text of [
      token,
      `see ${token}`,
      Buffer.from(token).toString('base64'),
      encodeURIComponent(`{"a":"${token}"}`),
    ])
      expect(redactor([token.slice(0, 8192)])(text, 2048)).toMatch(/^.{0,30}\[redacted\]…?$/)
  })

  it.each<[string, AuditedRequest, string]>([
    ['a bearer token', request({ headers: { authorization: 'Bearer opaque-7-token' } }), 'opaque-7-token'],
    [
      'the password of basic authentication',
      request({ headers: { authorization: `Basic ${Buffer.from('ann:pa55:word').toString('base64')}` } }),
      'pa55:word',
    ],
    ['an API key', request({ headers: { 'x-api-key': 'key-0815-key' } }), 'key-0815-key'],
    [
      'a session id in a signed cookie',
      request({ headers: { cookie: 'a=1; sid=s%3Aabcdefghijkl.c2ln' } }),
      'abcdefghijkl',
    ],
    ['a token in the URL', request({ url: '/reset?lang=de&token=r3set-me' }), 'r3set-me'],
    ['a nested password', request({ body: { user: { password: 'n3sted-pw' } } }), 'n3sted-pw'],
    ...[
      'Password',
      'PASSWORD',
      'passWord',
      'pwd',
      'new_password',
      'newPassword',
      'new-password',
      'user.Passwd',
      'Client-Secret',
    ].map((field): [string, AuditedRequest, string] => [
      field,
      request({ body: { [field]: 'c4pital-pw' } }),
      'c4pital-pw',
    ]),
    ['a field of another spelling, nested', request({ body: { User: { NewPassword: 'n3sted-pw' } } }), 'n3sted-pw'],
    ['a password that was sent twice', request({ body: { password: ['first-pw', 's3cond-pw'] } }), 's3cond-pw'],
    ['a field of another spelling in the URL', request({ url: '/reset?Access-Token=r3set-me' }), 'r3set-me'],
    ['a one-time code sent as a number', request({ body: { otp: 914_207 } }), '914207'],
  ])('is known: %s', async (_, req, secret) => {
    const t = testAudit()
    const context = openContext(coreOf(t.audit), req, response(), { address: {} as never, route: () => undefined })
    await coreOf(t.audit).observe({
      event: 'login.failed',
      hook: 'h',
      context,
      data: { said: `it was ${secret}`, number: Number(secret) },
    })
    expect((await t.lines())[0]!.data).toEqual({
      said: 'it was [redacted]',
      number: Number(secret) ? '[redacted]' : null,
    })
  })

  it('in a body that cannot be read costs nothing but itself', async () => {
    const t = testAudit()
    const body = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw new Error('hostile')
        },
      },
    )
    const context = openContext(coreOf(t.audit), request({ body }), response(), {
      address: {} as never,
      route: () => {
        throw new Error('hostile')
      },
    })
    await coreOf(t.audit).observe({ event: 'login.failed', hook: 'h', context })
    expect(await t.lines()).toHaveLength(1)
  })
})

describe('a record made before the body is read', () => {
  const secret = 'hunter2-hunter2'
  const said = {
    'content-length': '40',
    'x-request-id': secret,
    'user-agent': `Mozilla/5.0 (X11; Linux x86_64; ${secret}) Chrome/120.0.0.0 ${secret}/1.0 123456`,
  }

  it('holds nothing that the client chose freely, and the same request says more once the body is there', async () => {
    const t = testAudit()
    const req = request({ headers: said })
    const context = openContext(coreOf(t.audit), req, response(), { address: {} as never, route: () => undefined })
    const see = (event: string) => coreOf(t.audit).observe({ event, hook: 'h', context })
    await see('token.rejected')
    req.body = { Password: secret }
    await see('login.failed')
    const [before, after] = await t.lines()
    expect(t.raw().join('')).not.toContain(secret)
    expect(before!.client!['user_agent']).toBe('Mozilla/5.0 (X11; Linux x86_64; …) Chrome/120.0.0.0 …/1.0 …')
    expect(after!.client!['user_agent']).toBe(
      'Mozilla/5.0 (X11; Linux x86_64; [redacted]) Chrome/120.0.0.0 [redacted]/1.0 123456',
    )
    expect(before!.http!['request_id']).toMatch(/^[\da-f-]{36}$/)
    expect(after!.http!['request_id']).toBe(before!.http!['request_id'])
  })

  it('keeps the whole agent where there is no body to wait for', async () => {
    const t = testAudit()
    const headers = { 'user-agent': 'sqlmap/1.8#stable (https://sqlmap.org)' }
    const context = openContext(coreOf(t.audit), request({ headers }), response(), {
      address: {} as never,
      route: () => undefined,
    })
    await coreOf(t.audit).observe({ event: 'token.rejected', hook: 'h', context })
    expect((await t.lines())[0]!.client!['user_agent']).toBe(headers['user-agent'])
  })
})

describe('a short secret', () => {
  it('does not shred the record, nor tell itself by what is missing', async () => {
    const t = testAudit()
    for (const password of ['a', 'pwd', 'admin', 'password', 'login']) {
      const req = request({ body: { password }, headers: { 'user-agent': 'admin-app password login' } })
      const context = openContext(coreOf(t.audit), req, response(), {
        address: {} as never,
        route: () => '/admin/login',
      })
      await coreOf(t.audit).observe({
        event: 'login.failed',
        hook: 'h',
        context,
        reason: 'bad_password',
        auth: { method: 'password', strategy: 'admin' },
        data: { typed: password },
      })
    }
    for (const line of await t.lines())
      expect([line.reason, line.auth, line.http!['route'], line.client]).toEqual([
        'bad_password',
        { method: 'password', strategy: 'admin' },
        '/admin/login',
        { user_agent: 'admin-app password login' },
      ])
    expect((await t.lines()).map((line) => line.data!['typed'])).toEqual([
      'a',
      'pwd',
      '[redacted]',
      '[redacted]',
      '[redacted]',
    ])
  })
})

describe('what looks like a secret', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
  it.each<[string, string, string]>([
    ['a JWT', `token=${jwt}.`, 'token=[redacted]'],
    ['a JWT behind dots', `a.b.${jwt}`, 'a.b.[redacted]'],
    ['an encoded JWT', `t%3D${jwt}`, 't%[redacted]'],
    ['a JWE', 'eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn end', '[redacted] end'],
    ['a JWT cut short', jwt.slice(0, 40), '[redacted]'],
    ['a bearer header', 'Authorization: Bearer AbC123-._~+/=', 'Authorization: [redacted]'],
    ['a basic header', 'Basic dXNlcjpwYXNz', '[redacted]'],
    ['a PEM key', 'x -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- y', 'x [redacted] y'],
    ['a PEM key cut short', '-----BEGIN PRIVATE KEY-----\nMHcC', '[redacted]'],
    ['an AWS key id', 'id AKIAIOSFODNN7EXAMPLE', 'id [redacted]'],
    ['a Slack token', 'xoxb-123456789012-abc', '[redacted]'],
    ['a GitHub token', `ghp_${'a1'.repeat(18)}`, '[redacted]'],
    ['a Stripe key', 'sk_live_abcdefghij1234', '[redacted]'],
    [
      'a signed session cookie',
      'connect.sid=s%3AN4xyzabcdefghijk.dGhpcyBpcyBhIHNpZ25hdHVyZQ',
      'connect.sid=[redacted]',
    ],
    ['a signing key of a note', 'PRIVATE+KEY+shop+1234+AbCd', '[redacted]'],
  ])('%s is replaced', (_, text, clean) => expect(redactor([])(text)).toBe(clean))

  it.each([
    'Basic information about bearer authentication',
    'shop.example.com/v1.2.3',
    '2026-11-23T09:15:02.123456Z',
    'a'.repeat(3000),
    'eyJ is how a token begins.',
  ])('and what only resembles one is left alone: %s', (text) => expect(redactor(['unrelated secret'])(text)).toBe(text))

  it('is looked for in linear time, however hostile the text', () => {
    const pieces = [
      'eyJ',
      'eyJaaaaaaaa.',
      'eyJaaaaaaaa',
      'a.',
      'Bearer ',
      'Bearer\t \t',
      'Basic  ',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY',
      '-----BEGIN PRIVATE KEY-----',
      '-----END PRIVATE KEY ',
      's:',
      's%3A',
      's:aaaaaaaaaaaaaaaaaaaa',
      'PRIVATE+KEY+',
      'xoxb-',
      'gh',
      'sk_live_',
      '\u0000',
      '\ud800',
      '%',
    ]
    const clean = redactor(['secret-1', 'zz'.repeat(100)])
    for (const piece of pieces) {
      const text = piece.repeat(Math.ceil(100_000 / piece.length))
      const begun = performance.now()
      clean(text)
      expect([piece, performance.now() - begun]).toEqual([piece, expect.toSatisfy((ms: number) => ms < 1000)])
    }
  })
})

it('every spelling that the guard looks for is one of the secret', () => {
  expect(encodings('pä"ss w')).toEqual(
    expect.arrayContaining([
      'pä"ss w',
      'p%C3%A4%22ss%20w',
      'p%c3%a4%22ss%20w',
      'p%C3%A4%22ss+w',
      'pä\\"ss w',
      '70c3a42273732077',
      '70C3A42273732077',
    ]),
  )
})
