// The words of a record: what was typed, how someone proved who they are, why it failed.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { methodOf } from '../src/method.js'
import { failureReason, isReason } from '../src/reason.js'
import { typedName } from '../src/typed.js'

const FIELDS = ['username', 'email']
const none = new Map<string, string>()

describe('the typed name', () => {
  const typed = (req: object, strategy: object = {}, method = 'password') => typedName(strategy, method, req, FIELDS)

  test.each<[string, object, object, string | undefined]>([
    [
      'of the strategy’s own field',
      { body: { member: 'alice', username: 'decoy' } },
      { _usernameField: 'member' },
      'alice',
    ],
    ['of a path', { body: { u: { mail: 'A@x' } } }, { _usernameField: 'u[mail]' }, 'A@x'],
    ['of the first field of the list', { body: { email: 'e', username: 'u' } }, {}, 'u'],
    ['of the body before the query', { body: { email: 'body' }, query: { username: 'query' } }, {}, 'body'],
    ['of the query', { query: { email: 'query' } }, {}, 'query'],
    ['of no other field', { body: { name: 'alice', password: 'secret' } }, {}, undefined],
    ['of no other field than the strategy’s', { body: { username: 'alice' } }, { _usernameField: 'member' }, undefined],
    ['that is an object is none', { body: { username: { $ne: 1 } } }, {}, undefined],
    ['that is a list is none', { body: { username: ['alice'] } }, {}, undefined],
    ['that is inherited is none', { body: Object.create({ username: 'alice' }) }, {}, undefined],
    ['of a body that is text', { body: 'username=alice' }, {}, undefined],
    ['of __proto__ is none', { body: {} }, { _usernameField: '__proto__[toString]' }, undefined],
    ['of basic authentication', { headers: { authorization: `Basic ${btoa('al:ice')}` } }, {}, 'al'],
    [
      'of basic authentication without a colon',
      { headers: { authorization: `Basic ${btoa('alice')}` } },
      {},
      undefined,
    ],
  ])('%s', (_title, req, strategy, name) => expect(typed(req, strategy)).toBe(name))

  test('is composed, trimmed, and without what cannot be seen', () => {
    expect(typed({ body: { username: ' A\u030Angstr\u0000o\u202em\u2066@x\n\u0085 ' } })).toBe('Ångstrom@x')
    expect(typed({ body: { username: '\u202e \u0000' } })).toBeUndefined()
  })

  test('is bounded, and never ends in half a character', () => {
    expect(typed({ body: { username: 'x'.repeat(100_000) } })).toBe('x'.repeat(254))
    expect(typed({ body: { username: `${'x'.repeat(253)}😀` } })).toBe('x'.repeat(253))
  })

  test('is not looked for where a token or a provider answers', () => {
    const req = { body: { email: 'someone@else.example' }, headers: { authorization: `Basic ${btoa('a:b')}` } }
    expect([typed(req, {}, 'token'), typed(req, {}, 'oauth')]).toEqual([undefined, undefined])
    expect(typed(req, { _usernameField: 'email' }, 'token')).toBe('someone@else.example')
  })

  test('is a clean, bounded text or nothing, whatever is sent', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.string(), (body, query, field) => {
        const name = typedName({ _usernameField: field }, 'password', { body, query }, FIELDS)
        expect(name === undefined || (name.length > 0 && name.length <= 254 && name === name.trim())).toBe(true)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (username) => {
        expect(typed({ body: { username } }) ?? '').not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
        )
      }),
    )
  })
})

test.each<[object, string, string]>([
  [{ name: 'local' }, 'staff', 'password'],
  [{ name: 'basic' }, 'basic', 'password'],
  [{ name: 'mine', _usernameField: 'u' }, 'mine', 'password'],
  [{ name: 'jwt' }, 'api', 'token'],
  [{ name: 'bearer' }, 'bearer', 'token'],
  [{ name: 'jwt-refresh' }, 'jwt-refresh', 'token'],
  [{ name: 'mine', _jwtFromRequest() {} }, 'mine', 'token'],
  [{ name: 'oauth2' }, 'oauth2', 'oauth'],
  [{ name: 'openidconnect' }, 'sso', 'oauth'],
  [{ name: 'google' }, 'google', 'oauth'],
  [{ name: 'acme', _oauth2: {} }, 'acme', 'oauth'],
  [{ name: 'webauthn' }, 'webauthn', 'passkey'],
  [{ name: 'totp' }, 'totp', 'mfa'],
  [{ name: 'magiclink' }, 'magiclink', 'magiclink'],
  [{}, 'local', 'password'],
  [{}, 'x'.repeat(100), 'x'.repeat(64)],
])('the method of %j asked for as "%s"', (strategy, asked, method) => expect(methodOf(strategy, asked)).toBe(method))

describe('the reason', () => {
  const own = new Map([
    ['Incorrect password.', 'bad_credentials'],
    ['E7', 'locked'],
    ['constructor', 'odd'],
  ])

  test.each<[unknown, unknown, string]>([
    [{ message: 'Incorrect password.' }, undefined, 'bad_credentials'],
    ['Incorrect password.', undefined, 'bad_credentials'],
    [{ code: 'E7', message: 'Incorrect password.' }, undefined, 'locked'],
    [{ code: 'UNKNOWN_USER' }, undefined, 'unknown_user'],
    [{ code: 'UNKNOWN_USER' }, 400, 'unknown_user'],
    [{ code: 'not sane', message: 'Missing credentials' }, undefined, 'missing_credentials'],
    [{ code: 7 }, undefined, 'rejected'],
    [{ message: 'anything' }, 400, 'missing_credentials'],
    [new Error('No auth token'), undefined, 'no_token'],
    [Object.assign(new Error(), { name: 'TokenExpiredError' }), undefined, 'token_expired'],
    [Object.assign(new Error(), { name: 'JsonWebTokenError' }), undefined, 'token_invalid'],
    [Object.assign(new Error(), { name: 'NotBeforeError' }), undefined, 'token_invalid'],
    [Object.assign(new Error(), { code: 'ECONNREFUSED' }), undefined, 'econnrefused'],
    ['Bearer realm="Users"', 401, 'rejected'],
    [undefined, undefined, 'rejected'],
    [null, 403, 'rejected'],
  ])('of %j with status %s is %s', (challenge, status, reason) =>
    expect(failureReason(challenge, status, own)).toBe(reason),
  )

  test('may always stand in a record', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (challenge, status) =>
        isReason(failureReason(challenge, status, none)),
      ),
    )
  })
})
