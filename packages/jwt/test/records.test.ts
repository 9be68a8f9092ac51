// What is recorded of tokens, as whole observations.
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { openContext, type RequestContext, runInContext } from '@trailproof/core/adapter'
import jsonwebtoken from 'jsonwebtoken'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Fake, fakeAudit, type Says } from '../../../test/fake-audit.js'
import { auditJwt, type JwtHookOptions } from '../src/index.js'

const KEY = 'a-secret-of-the-shop'
const NOW = Math.floor(Date.now() / 1000)

let fake: Fake
const attach = (says: Says = {}, options?: JwtHookOptions) => {
  fake?.detachAll()
  fake = fakeAudit(says)
  auditJwt(fake.audit, jsonwebtoken, options)
}
beforeEach(() => attach())
afterEach(() => fake.detachAll())

/** A token made without jsonwebtoken, so that any header and payload can be tried. */
function forge(header: unknown, payload: unknown, key = KEY): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const body = `${part(header)}.${part(payload)}`
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`
}

describe('a token that is issued', () => {
  test('is recorded with its facts and whom it is for', () => {
    const token = jsonwebtoken.sign({ sub: 'u1', admin: true, cart: ['secret thing'] }, KEY, {
      issuer: 'shop',
      audience: ['web', 'app'],
      jwtid: 'j1',
      keyid: 'k1',
      expiresIn: 60,
      notBefore: 0,
    })
    const facts = {
      value: token,
      alg: 'HS256',
      kid: 'k1',
      typ: 'JWT',
      iss: 'shop',
      aud: ['web', 'app'],
      jti: 'j1',
      verified: true,
    }
    const times = { iat: expect.closeTo(NOW, -1), nbf: expect.closeTo(NOW, -1), exp: expect.closeTo(NOW + 60, -1) }
    expect(fake.seen).toEqual([
      { hook: 'jwt', event: 'token.issued', actor: { id: 'u1' }, token: { ...facts, ...times }, context: null },
    ])
  })

  test('by callback is recorded once, before the application hears of it', async () => {
    const order: string[] = []
    attach({ observe: (o) => order.push(o.event) })
    await new Promise<void>((done) => {
      jsonwebtoken.sign({ sub: 7 }, KEY, (_error: unknown, token: unknown) => {
        order.push(`callback ${typeof token}`)
        done()
      })
    })
    expect(order).toEqual(['token.issued', 'callback string'])
    expect(fake.seen).toMatchObject([{ actor: { id: '7' }, token: { alg: 'HS256', verified: true } }])
  })

  test('unsigned is not called verified', () => {
    jsonwebtoken.sign({ sub: 'u1' }, '', { algorithm: 'none' })
    expect(fake.seen).toMatchObject([{ event: 'token.issued', token: { alg: 'none', verified: false } }])
  })

  test('of text, not claims, is recorded without claims', () => {
    const token = jsonwebtoken.sign('just text', KEY)
    expect(fake.seen).toEqual([
      { hook: 'jwt', event: 'token.issued', token: { value: token, alg: 'HS256', verified: true }, context: null },
    ])
  })

  test('names nobody when it has no subject, and whom the application says', () => {
    jsonwebtoken.sign({ userId: 5 }, KEY)
    attach({}, { account: (claims) => ({ id: claims['userId'] }) })
    jsonwebtoken.sign({ userId: 5 }, KEY)
    attach({}, { account: () => { throw new Error('mine') } }) // biome-ignore format: one line
    jsonwebtoken.sign({ userId: 5 }, KEY)
    expect(fake.seen).toMatchObject([{ event: 'token.issued' }])
    expect(fake.seen[0]!.actor).toBeUndefined()
  })
})

describe('a token that cannot be issued', () => {
  test.each([
    ['without a key', () => jsonwebtoken.sign({}, ''), 'key_error'],
    ['with claims of the wrong type', () => jsonwebtoken.sign({ exp: 'soon' }, KEY), 'error'],
    ['with an unknown option', () => jsonwebtoken.sign({}, KEY, { expires: 5 } as object), 'error'],
    ['with a key of the wrong kind', () => jsonwebtoken.sign({}, KEY, { algorithm: 'RS256' }), 'key_error'],
  ])('%s is recorded as a failure', (_name, sign, reason) => {
    expect(sign).toThrow()
    expect(fake.seen).toEqual([{ hook: 'jwt', event: 'token.issue_failed', reason, context: null }])
  })

  test('by callback is recorded as a failure', () => {
    let told: unknown
    jsonwebtoken.sign({}, '', {}, (error: unknown) => {
      told = error
    })
    expect(told).toBeInstanceOf(Error)
    expect(fake.seen).toEqual([{ hook: 'jwt', event: 'token.issue_failed', reason: 'key_error', context: null }])
  })
})

describe('where policy refuses and the log has failed', () => {
  beforeEach(() => attach({ onFailure: 'refuse', failing: true }))
  const refusal = { code: 'TRAILPROOF_REFUSED', status: 503, statusCode: 503, record: 'not-written' }
  const record = { hook: 'jwt', event: 'token.issue_failed', reason: 'refused', context: null }

  test('sign throws before it signs', () => {
    expect(() => jsonwebtoken.sign({ sub: 'u1' }, KEY)).toThrow(expect.objectContaining(refusal))
    expect(fake.seen).toEqual([record])
  })

  test('sign calls back with the refusal', () => {
    const answers: unknown[][] = []
    jsonwebtoken.sign({ sub: 'u1' }, KEY, {}, (...answer: unknown[]) => void answers.push(answer))
    expect(answers).toEqual([[expect.objectContaining(refusal)]])
    expect(fake.seen).toEqual([record])
  })

  test('verify goes on', () => {
    const token = forge({ alg: 'HS256', typ: 'JWT' }, { sub: 'u1' })
    expect(jsonwebtoken.verify(token, KEY)).toEqual({ sub: 'u1' })
  })

  test('a log that works lets tokens out', () => {
    attach({ onFailure: 'refuse', failing: false })
    expect(jsonwebtoken.sign({ sub: 'u1' }, KEY)).toEqual(expect.any(String))
    attach({ onFailure: 'continue', failing: true })
    expect(jsonwebtoken.sign({ sub: 'u1' }, KEY)).toEqual(expect.any(String))
  })
})

describe('a token that is verified', () => {
  test('is recorded with its facts and whom it speaks of', () => {
    const token = forge(
      { alg: 'HS256', typ: 'JWT', kid: 3 },
      { sub: 'u1', iss: 9, exp: NOW + 60, iat: 'then', role: 'admin' },
    )
    jsonwebtoken.verify(token, KEY)
    expect(fake.seen).toEqual([
      {
        hook: 'jwt',
        event: 'token.verified',
        actor: { id: 'u1' },
        token: { value: token, alg: 'HS256', kid: '3', typ: 'JWT', iss: '9', exp: NOW + 60, verified: true },
        context: null,
      },
    ])
  })

  test('with complete: true is recorded the same', () => {
    const token = forge({ alg: 'HS256', typ: 'JWT' }, { sub: 'u1' })
    jsonwebtoken.verify(token, KEY, { complete: true })
    expect(fake.seen).toMatchObject([{ event: 'token.verified', actor: { id: 'u1' } }])
  })

  test('although its life is over says so', () => {
    const token = forge({ alg: 'HS256', typ: 'JWT' }, { sub: 'u1', exp: NOW - 1 })
    jsonwebtoken.verify(token, KEY, { ignoreExpiration: true })
    jsonwebtoken.verify(token, KEY, { ignoreExpiration: true, clockTimestamp: NOW - 5 })
    jsonwebtoken.verify(token, KEY, { ignoreExpiration: true, clockTolerance: 60 })
    expect(fake.seen.map((o) => o.data)).toEqual([{ expired_accepted: true }, undefined, undefined])
  })

  test('unsigned, because the application allows it, is not called verified', () => {
    const token = `${forge({ alg: 'none' }, { sub: 'u1' }).split('.').slice(0, 2).join('.')}.`
    jsonwebtoken.verify(token, '', { algorithms: ['none'] })
    expect(fake.seen).toMatchObject([{ event: 'token.verified', token: { alg: 'none', verified: false } }])
  })

  test('with a key callback is recorded once', async () => {
    const token = forge({ alg: 'HS256', typ: 'JWT' }, { sub: 'u1' })
    const payload = await new Promise((resolve, reject) =>
      jsonwebtoken.verify(
        token,
        (_header, key) => setImmediate(() => key(null, KEY)),
        (error, value) => (error ? reject(error) : resolve(value)),
      ),
    )
    expect(payload).toEqual({ sub: 'u1' })
    expect(fake.seen.map((o) => o.event)).toEqual(['token.verified'])
  })
})

describe('a token that is rejected', () => {
  const header = { alg: 'HS256', typ: 'JWT' }
  const good = forge(header, { sub: 'u1', iss: 'shop', exp: NOW + 60, iat: NOW - 100 })
  const noneToken = `${forge({ alg: 'none' }, { sub: 'u1' }).split('.').slice(0, 2).join('.')}.`
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const verify =
    (token: unknown, key: unknown = KEY, options?: object) =>
    () =>
      jsonwebtoken.verify(token as string, key as string, options as object)

  test.each([
    ['expired', verify(forge(header, { exp: NOW - 1 })), 'expired', true],
    ['older than maxAge', verify(good, KEY, { maxAge: '1s' }), 'max_age', true],
    ['not yet valid', verify(forge(header, { nbf: NOW + 60 })), 'not_yet_valid', true],
    ['signed with another key', verify(forge(header, { sub: 'u1' }, 'another')), 'bad_signature', false],
    ['stripped of its signature', verify(`${good.split('.').slice(0, 2).join('.')}.`), 'bad_signature', false],
    ['alg none', verify(noneToken), 'alg_not_allowed', false],
    ['alg none without a key', verify(noneToken, ''), 'alg_not_allowed', false],
    ['of an algorithm not allowed', verify(good, KEY, { algorithms: ['HS512'] }), 'alg_not_allowed', false],
    ['HS256 against a public key', verify(good, pem, { algorithms: ['HS256', 'RS256'] }), 'alg_not_allowed', false],
    ['missing', verify(undefined), 'missing', false],
    ['empty', verify(''), 'missing', false],
    ['no string', verify({ token: 1 }), 'malformed', false],
    ['without three parts', verify('abc'), 'malformed', false],
    ['of unreadable parts', verify('a.b.c'), 'malformed', false],
    ['with a payload that is no JSON', verify(forge(header, 'no json')), 'malformed', false],
    ['with exp that is no number', verify(forge(header, { exp: 'soon' })), 'malformed', false],
    ['for another audience', verify(good, KEY, { audience: 'hidden-value' }), 'audience_mismatch', true],
    ['from another issuer', verify(good, KEY, { issuer: 'hidden-value' }), 'issuer_mismatch', true],
    ['about another subject', verify(good, KEY, { subject: 'hidden-value' }), 'subject_mismatch', true],
    ['of another id', verify(good, KEY, { jwtid: 'hidden-value' }), 'jti_mismatch', true],
    ['of another nonce', verify(good, KEY, { nonce: 'hidden-value' }), 'rejected', false],
    ['with no key at all', verify(good, ''), 'key_error', false],
    ['with an unusable key', verify(good, 5), 'key_error', false],
    ['with options that are wrong', verify(good, KEY, { clockTimestamp: 'now' }), 'rejected', false],
  ])('%s', (_name, call, reason, verified) => {
    expect(call).toThrow()
    expect(fake.seen).toMatchObject([
      { hook: 'jwt', event: 'token.rejected', reason, token: { verified }, context: null },
    ])
    expect(fake.seen[0]!.actor).toBeUndefined()
    expect(JSON.stringify(fake.seen)).not.toContain('hidden-value')
  })

  test('because the key callback failed says nothing of what it said', async () => {
    const error = await new Promise((resolve) =>
      jsonwebtoken.verify(good, (_header, key) => key(new Error('vault says hidden-value')), resolve),
    )
    expect(error).toBeInstanceOf(jsonwebtoken.JsonWebTokenError)
    expect(fake.seen).toMatchObject([{ event: 'token.rejected', reason: 'key_error' }])
    expect(JSON.stringify(fake.seen)).not.toContain('hidden-value')
  })

  test('keeps what the sender claims bounded and typed', () => {
    const token = forge(
      { alg: 'HS256', kid: 'k'.repeat(1000), typ: { a: 1 } },
      {
        iss: 'i'.repeat(1000),
        aud: [...Array(50).fill('a'), { b: 2 }],
        jti: ['x'],
        exp: 'never',
        iat: 1e308,
        nbf: null,
        note: 'kept out',
      },
      'another',
    )
    expect(verify(token)).toThrow()
    expect(fake.seen).toEqual([
      {
        hook: 'jwt',
        event: 'token.rejected',
        reason: 'bad_signature',
        token: {
          value: token,
          alg: 'HS256',
          kid: 'k'.repeat(256),
          iss: 'i'.repeat(256),
          aud: Array(8).fill('a'),
          iat: 1e308,
          verified: false,
        },
        context: null,
      },
    ])
  })

  test('of a size that no token has is not read', () => {
    const token = forge(header, { sub: 'x'.repeat(100_000) }, 'another')
    expect(verify(token)).toThrow()
    expect(fake.seen).toEqual([
      { hook: 'jwt', event: 'token.rejected', reason: 'bad_signature', token: { verified: false }, context: null },
    ])
  })
})

describe('within a request', () => {
  const context = (): RequestContext =>
    openContext(fake.core, { headers: {} } as never, {} as never, { address: {} as never, route: () => undefined })

  test('a verified token says whom the request acts for, unless that is known', () => {
    const known = context()
    known.actor = { id: 'u9' }
    const unknown = context()
    const token = forge({ alg: 'HS256', typ: 'JWT' }, { sub: 'u1' })
    runInContext(known, () => jsonwebtoken.verify(token, KEY))
    runInContext(unknown, () => jsonwebtoken.verify(token, KEY))
    expect([known.actor, unknown.actor]).toEqual([{ id: 'u9' }, { id: 'u1' }])
    expect(fake.seen.map((o) => o.context)).toEqual([known, unknown])
  })

  test('an issued or a rejected token says nothing of the kind', () => {
    const here = context()
    runInContext(here, () => {
      const token = jsonwebtoken.sign({ sub: 'u1' }, KEY)
      expect(() => jsonwebtoken.verify(token, 'another')).toThrow()
    })
    expect(here.actor).toBeUndefined()
  })

  test('the guard learns tokens and shared keys, good or bad, and no public key', () => {
    const here = context()
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    const [issued, signed] = runInContext(here, () => {
      const one = jsonwebtoken.sign({ sub: 'u1' }, KEY)
      const two = jsonwebtoken.sign({ sub: 'u1' }, privateKey, { algorithm: 'RS256' })
      jsonwebtoken.verify(two, pem)
      expect(() => jsonwebtoken.verify('not.a.token', 'another-key')).toThrow()
      return [one, two]
    })
    expect(new Set(here.secrets.values())).toEqual(new Set([KEY, issued, signed, 'not.a.token', 'another-key']))
  })

  test('the request is the one in which the call was made, not the one in which it ends', async () => {
    const [first, second] = [context(), context()]
    let answerKey!: () => void
    const done = runInContext(
      first,
      () =>
        new Promise<void>((resolve) =>
          jsonwebtoken.verify(
            forge({ alg: 'HS256', typ: 'JWT' }, { sub: 'u1' }),
            (_header, key) => {
              answerKey = () => key(null, KEY)
            },
            () => resolve(),
          ),
        ),
    )
    runInContext(second, () => answerKey())
    await done
    expect(fake.seen[0]!.context).toBe(first)
  })
})
