// Whatever the application does with jsonwebtoken, it gets the same with the hook as without.
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { promisify } from 'node:util'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import { afterEach, describe, expect, test } from 'vitest'
import { type Fake, fakeAudit } from '../../../test/fake-audit.js'
import { auditJwt } from '../src/index.js'

const KEY = 'a-secret-of-the-shop'
const NOW = 1_700_000_000
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const lib = jsonwebtoken as unknown as Record<'sign' | 'verify' | 'decode', (...args: unknown[]) => unknown>

let fake: Fake | undefined
const attach = () => {
  fake = fakeAudit()
  return auditJwt(fake.audit, jsonwebtoken)
}
afterEach(() => {
  fake?.detachAll()
  fake = undefined
})

/** All that a caller can tell about one call: its result or error, callbacks in order, and whether they came at once. */
async function observeCall(name: 'sign' | 'verify', args: unknown[], self: unknown = lib): Promise<unknown> {
  const seen: unknown[] = []
  let late = false
  let expected = 0
  const given = args.map((arg) => {
    if (arg !== CALLBACK) return arg
    expected++
    return function (this: unknown, ...answer: unknown[]) {
      seen.push(['callback', late ? 'later' : 'at once', this === undefined, answer.length, answer.map(describeValue)])
    }
  })
  try {
    seen.push(['returned', describeValue(lib[name].apply(self, given))])
  } catch (error) {
    seen.push(['threw', describeValue(error)])
  }
  late = true
  for (let i = 0; i < 20 && seen.length < expected + 1; i++) await new Promise((next) => setImmediate(next))
  return seen
}

const CALLBACK = Symbol('callback')

function describeValue(value: unknown): unknown {
  if (typeof value === 'function') return `function of ${value.length}`
  if (!(value instanceof Error)) return value
  return { class: value.constructor.name, name: value.name, message: value.message, own: Object.entries(value) }
}

function forge(header: object, payload: unknown, key = KEY): string {
  const part = (v: unknown) => Buffer.from(JSON.stringify(v)).toString('base64url')
  const body = `${part(header)}.${part(payload)}`
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`
}

async function sameWithAndWithout(name: 'sign' | 'verify', args: unknown[]): Promise<void> {
  const without = await observeCall(name, args)
  attach()
  const withHook = await observeCall(name, args)
  expect(fake!.seen.length).toBe(1) // a hook that sees nothing is easily transparent
  fake!.detachAll()
  expect(withHook).toEqual(without)
}

const claims = { sub: 'u1', iat: NOW }
const token = forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, exp: 4_000_000_000 })
const old = forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, exp: NOW })

describe('sign', () => {
  test.each<[string, unknown[]]>([
    ['claims', [claims, KEY]],
    ['claims and a callback', [claims, KEY, CALLBACK]],
    ['claims, options', [claims, KEY, { expiresIn: 5, issuer: 'shop' }]],
    ['claims, options and a callback', [claims, KEY, { expiresIn: 5 }, CALLBACK]],
    ['claims, no options and a callback', [claims, KEY, undefined, CALLBACK]],
    ['two callbacks', [claims, KEY, CALLBACK, CALLBACK]],
    ['text', ['text', KEY]],
    ['a buffer', [Buffer.from('bytes'), KEY]],
    ['an RSA key', [claims, privateKey, { algorithm: 'RS256' }]],
    ['no key', [claims, '']],
    ['no key, by callback', [claims, '', CALLBACK]],
    ['no claims', [undefined, KEY]],
    ['null claims', [null, KEY, CALLBACK]],
    ['wrong options', [claims, KEY, { expiresIn: 1.5 }]],
    ['wrong options, by callback', [claims, KEY, { expiresIn: 1.5 }, CALLBACK]],
    ['the wrong key', [claims, KEY, { algorithm: 'RS256' }, CALLBACK]],
    ['an algorithm that is no text', [claims, KEY, { algorithm: 5 }, CALLBACK]],
    ['nothing', []],
  ])('with %s', (_name, args) => sameWithAndWithout('sign', args))

  test('with mutatePayload changes the very object it was given', () => {
    attach()
    const payload: Record<string, unknown> = { sub: 'u1' }
    jsonwebtoken.sign(payload, KEY, { mutatePayload: true, expiresIn: 5 })
    expect(Object.keys(payload)).toEqual(['sub', 'iat', 'exp'])
  })
})

describe('verify', () => {
  test.each<[string, unknown[]]>([
    ['a good token', [token, KEY]],
    ['a good token, by callback', [token, KEY, CALLBACK]],
    ['complete', [token, KEY, { complete: true }]],
    ['options and a callback', [token, KEY, { algorithms: ['HS256'] }, CALLBACK]],
    ['null options and a callback', [token, KEY, null, CALLBACK]],
    ['two callbacks', [token, KEY, CALLBACK, CALLBACK]],
    ['a key callback', [token, (_h: unknown, key: (e: unknown, k: unknown) => void) => key(null, KEY), CALLBACK]],
    [
      'a slow key callback',
      [token, (_h: unknown, key: (e: unknown, k: unknown) => void) => void setImmediate(key, null, KEY), {}, CALLBACK],
    ],
    ['a key callback that fails', [token, (_h: unknown, key: (e: unknown) => void) => key(new Error('no')), CALLBACK]],
    ['a key callback that throws', [token, () => { throw new RangeError('mine') }, CALLBACK]], // biome-ignore format: one line
    ['a key callback without a callback', [token, () => {}]],
    ['an expired token', [old, KEY]],
    ['an expired token, by callback', [old, KEY, CALLBACK]],
    ['an expired token that is let through', [old, KEY, { ignoreExpiration: true }]],
    ['another key', [token, 'another']],
    ['another key, by callback', [token, 'another', {}, CALLBACK]],
    ['a public key', [token, publicKey, CALLBACK]],
    ['garbage', ['garbage', KEY, CALLBACK]],
    ['no token', [undefined, KEY]],
    ['no token, by callback', [null, KEY, CALLBACK]],
    ['a number', [5, KEY]],
    ['wrong options', [token, KEY, { nonce: 5 }]],
    ['a callback that is none', [token, KEY, {}, 'callback']],
    ['nothing', []],
  ])('with %s', (_name, args) => sameWithAndWithout('verify', args))

  test('with anything at all', async () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.constantFrom(token, old, KEY, CALLBACK, '', { complete: true }, { algorithms: [] }),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('sign', 'verify'), fc.array(anything, { maxLength: 5 }), async (name, args) => {
        const frozen = (name as string) === 'sign' ? [{ iat: NOW, x: args[0] }, ...args.slice(1)] : args
        const without = await observeCall(name as 'sign', frozen)
        attach()
        const withHook = await observeCall(name as 'sign', frozen)
        fake!.detachAll()
        expect(withHook).toEqual(without)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the functions themselves', () => {
  // `arguments` and `caller` of sloppy functions are null, and walk the stack when they are looked at
  const keysOf = (f: object) => Reflect.ownKeys(f).filter((key) => key !== 'arguments' && key !== 'caller')
  const shape = (f: object) => keysOf(f).map((key) => [key, Reflect.get(f, key)] as const)

  test('keep name, length and every own property; decode is not touched', () => {
    const { sign, verify, decode } = lib
    const before = [shape(lib), shape(sign), shape(verify)].flat()
    attach()
    const after = [shape(lib), shape(lib.sign), shape(lib.verify)].flat()
    expect(lib.sign).not.toBe(sign)
    expect(lib.decode).toBe(decode)
    for (const [key, value] of before) {
      if (value === sign || value === verify) continue
      expect(after.some(([k, v]) => k === key && Object.is(v, value))).toBe(true)
    }
    expect(Object.keys(lib)).toEqual([
      'decode',
      'verify',
      'sign',
      'JsonWebTokenError',
      'NotBeforeError',
      'TokenExpiredError',
    ])
  })

  test('are put back by detach, and by the audit', () => {
    const before = Object.getOwnPropertyDescriptors(lib)
    const symbols = Object.getOwnPropertySymbols(lib)
    const handle = attach()
    handle.detach()
    handle.detach()
    expect(Object.getOwnPropertyDescriptors(lib)).toEqual(before)
    expect(Object.getOwnPropertySymbols(lib)).toEqual(symbols)
    const { sign, verify } = lib
    attach()
    fake!.detachAll()
    expect([lib.sign === sign, lib.verify === verify]).toEqual([true, true])
  })

  test('stay as someone else left them, who replaced them later', () => {
    const { sign } = lib
    const handle = attach()
    const ours = lib.sign
    const theirs = (...args: unknown[]) => ours(...args)
    lib.sign = theirs
    handle.detach()
    expect(lib.sign).toBe(theirs)
    expect(lib.sign(claims, KEY)).toEqual(expect.any(String))
    expect(fake!.seen).toEqual([])
    lib.sign = sign
  })

  test('are hooked once, whoever asks', () => {
    const first = attach()
    const ours = lib.sign
    expect(auditJwt(fake!.audit, jsonwebtoken)).toBe(first)
    expect(auditJwt(fakeAudit().audit, jsonwebtoken)).toBe(first)
    expect(lib.sign).toBe(ours)
    jsonwebtoken.sign(claims, KEY)
    expect(fake!.seen.length).toBe(1)
  })

  test('pass `this` on, and work promisified', async () => {
    attach()
    const verify = promisify(lib.verify) as (...args: unknown[]) => Promise<unknown>
    const sign = promisify(lib.sign) as (...args: unknown[]) => Promise<unknown>
    expect(await verify(token, KEY)).toMatchObject({ sub: 'u1' })
    await expect(verify(old, KEY)).rejects.toBeInstanceOf(jsonwebtoken.TokenExpiredError)
    expect(await sign(claims, KEY)).toEqual(expect.any(String))
  })

  test('rethrow the error object of the library', () => {
    const spied: unknown[] = []
    const { verify } = lib
    lib.verify = (...args) => {
      try {
        return verify(...args)
      } catch (error) {
        spied.push(error)
        throw error
      }
    }
    attach()
    let thrown: unknown
    try {
      jsonwebtoken.verify(old, KEY)
    } catch (error) {
      thrown = error
    }
    fake!.detachAll()
    lib.verify = verify
    expect(thrown).toBe(spied[0])
  })

  test('let an error of the application’s callback through, and record the token once', () => {
    attach()
    const mine = new Error('mine')
    expect(() => jsonwebtoken.verify(old, KEY, () => { throw mine })).toThrow(mine) // biome-ignore format: one line
    expect(fake!.seen.map((o) => o.event)).toEqual(['token.rejected'])
  })

  test('do not care what becomes of the audit', () => {
    fake = fakeAudit({
      observe() {
        throw new Error('ours')
      },
    })
    auditJwt(fake.audit, jsonwebtoken)
    expect(jsonwebtoken.verify(token, KEY)).toMatchObject({ sub: 'u1' })
    expect(jsonwebtoken.sign(claims, KEY)).toEqual(expect.any(String))
    expect(() => jsonwebtoken.verify(old, KEY)).toThrow(jsonwebtoken.TokenExpiredError)
  })
})

describe('attaching', () => {
  const { audit } = fakeAudit()

  test('to the namespace of `import * as jwt` reaches the object that everyone shares', async () => {
    const namespace = await import('jsonwebtoken')
    const handle = auditJwt(fakeAudit().audit, namespace)
    expect(Object.getOwnPropertySymbols(jsonwebtoken).length).toBeGreaterThan(0)
    handle.detach()
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['another library', { sign: () => '' }],
    ['a frozen object', Object.freeze({ sign: () => '', verify: () => '' })],
    ['functions that cannot be replaced', Object.defineProperty({ sign: () => '' }, 'verify', { value: () => '' })],
  ])('to %s fails, changes nothing and says what to do', (_name, thing) => {
    const before = thing && Object.getOwnPropertyDescriptors(thing)
    expect(() => auditJwt(audit, thing as never)).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_HOOK_UNSUPPORTED' }),
    )
    expect(thing && Object.getOwnPropertyDescriptors(thing)).toEqual(before)
  })

  test('with wrong options names them', () => {
    const wrong = { code: 'TRAILPROOF_OPTION_INVALID' }
    expect(() => auditJwt(audit, jsonwebtoken, { acount: 1 } as never)).toThrow(expect.objectContaining(wrong))
    expect(() => auditJwt(audit, jsonwebtoken, { account: 1 } as never)).toThrow(expect.objectContaining(wrong))
  })

  test('shows in coverage', () => {
    attach()
    expect(fake!.hooked).toEqual({ jwt: { library: 'jsonwebtoken', sign: true, verify: true } })
  })
})
