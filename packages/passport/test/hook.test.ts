// Attaching and detaching: once, completely, and without a trace in what the application can look at.
import passportModule, { type PassportStatic } from 'passport'
import { describe, expect, test } from 'vitest'
import { fakeAudit } from '../../../test/fake-audit.js'
import { auditPassport } from '../src/index.js'
import { custom } from './scenarios.js'
import { ALICE, local } from './stage.js'

const newPassport = () => new (passportModule as unknown as { Passport: new () => PassportStatic }).Passport()
type Inside = PassportStatic & { _sm: object; _strategies: Record<string, object>; _strategy(name: string): object }

/** Everything about an object that can be looked at: own and inherited properties, by identity. */
function look(thing: object): Map<PropertyKey, unknown> {
  const seen = new Map<PropertyKey, unknown>([['prototype of it', Object.getPrototypeOf(thing)]])
  for (const key of Reflect.ownKeys(thing)) seen.set(key, Object.getOwnPropertyDescriptor(thing, key)!.value)
  return seen
}

/** `arguments` and `caller` of sloppy functions are null, and walk the stack when they are looked at. */
const keysOf = (f: object) => Reflect.ownKeys(f).filter((key) => key !== 'arguments' && key !== 'caller')

/** Runs a strategy as passport does, without HTTP; resolves with what came of it. */
function attempt(passport: PassportStatic, name: unknown, req: object = {}): Promise<unknown[]> {
  return new Promise((resolve) => {
    passport.authenticate(name as string, { session: false }, (...answer: unknown[]) => resolve(answer))(
      req,
      {},
      (error: unknown) => resolve(['next', error]),
    )
  })
}

describe('detach', () => {
  test('puts everything back: passport, its session manager, every strategy', async () => {
    const passport = newPassport() as Inside
    const registered = local()
    const inline = custom('inline', function () { this.pass() }) as object // biome-ignore format: one line
    const later = local({ usernameField: 'later' })
    passport.use('registered', registered)
    const things = [passport, passport._sm, registered, later, ...Object.values(passport._strategies)]
    const before = things.map(look)
    const inlineKeys = Object.keys(inline)
    const handle = auditPassport(fakeAudit().audit, passport)
    expect(look(passport)).not.toEqual(before[0])
    passport.use('later', later)
    for (const name of ['registered', 'later', 'session', inline]) await attempt(passport, name)
    expect(look(registered)).not.toEqual(before[2])
    handle.detach()
    handle.detach()
    passport.unuse('later')
    expect(things.map(look)).toEqual(before)
    // passport itself leaves its verbs on an instance
    expect(
      Object.keys(inline).filter((key) => !['success', 'fail', 'redirect', 'pass', 'error'].includes(key)),
    ).toEqual(inlineKeys)
  })

  test('is done by the audit too, and attaching again works', async () => {
    const passport = newPassport()
    passport.use(local())
    const { authenticate } = passport
    const first = fakeAudit()
    auditPassport(first.audit, passport)
    first.detachAll()
    expect(passport.authenticate).toBe(authenticate)
    const second = fakeAudit()
    auditPassport(second.audit, passport)
    await attempt(passport, 'local')
    expect([first.seen.length, second.seen.length]).toEqual([0, 1])
  })

  test('makes middleware that is still mounted pass through', async () => {
    const passport = newPassport()
    passport.use(local())
    const fake = fakeAudit()
    const handle = auditPassport(fake.audit, passport)
    let answer: unknown
    const inline = passport.authenticate([custom('mine', function () { this.success(ALICE) })], (_e: unknown, user: unknown) => { answer = user }) // biome-ignore format: one line
    handle.detach()
    inline({}, {}, () => {})
    expect([answer, fake.seen]).toEqual([ALICE, []])
  })

  test('leaves alone what someone else has put on top since', async () => {
    const passport = newPassport() as Inside
    const fake = fakeAudit()
    const strategy = local()
    passport.use(strategy)
    const handle = auditPassport(fake.audit, passport)
    await attempt(passport, 'local')
    const ours = strategy.authenticate
    strategy.authenticate = function (this: never, ...args: unknown[]) {
      return ours.apply(this, args as never)
    } as never
    const theirs = strategy.authenticate
    expect(await attempt(passport, 'local')).toEqual([null, false, { message: 'Missing credentials' }, 400])
    expect(fake.seen.length).toBe(2) // theirs above ours: still once per attempt
    handle.detach()
    expect(strategy.authenticate).toBe(theirs)
    await attempt(passport, 'local')
    expect(fake.seen.length).toBe(2)
  })
})

describe('attaching', () => {
  test('twice records once, whoever asks, and returns the first handle', async () => {
    const passport = newPassport()
    passport.use(local())
    const fake = fakeAudit()
    const handle = auditPassport(fake.audit, passport)
    const { authenticate } = passport
    expect(auditPassport(fake.audit, passport)).toBe(handle)
    expect(auditPassport(fakeAudit().audit, passport)).toBe(handle)
    expect(passport.authenticate).toBe(authenticate)
    await attempt(passport, 'local')
    expect(fake.seen.map((o) => o.event)).toEqual(['login.failed'])
  })

  test('to two passports that share a strategy records each attempt once', async () => {
    const strategy = local()
    const [one, two] = [newPassport().use(strategy), newPassport().use(strategy)]
    const fake = fakeAudit()
    auditPassport(fake.audit, one)
    auditPassport(fake.audit, two)
    for (const passport of [one, two, one, two]) await attempt(passport, 'local')
    expect(fake.seen.length).toBe(4)
  })

  test('changes no name, length, key or enumerable property', async () => {
    const [plain, hooked] = [newPassport() as Inside, newPassport() as Inside]
    const fake = fakeAudit()
    auditPassport(fake.audit, hooked)
    for (const passport of [plain, hooked]) {
      passport.use(local())
      await attempt(passport, 'local')
    }
    const facts = (passport: Inside) => ({
      keys: [Object.keys(passport), Object.keys(passport._sm), Object.keys(passport._strategy('local'))],
      shapes: [
        passport.authenticate,
        passport.authorize,
        passport._strategy,
        passport._sm,
        passport._strategy('local'),
      ].flatMap((f) => (typeof f === 'function' ? [[f.name, f.length, keysOf(f)]] : [])),
      strategy: [passport._strategy('local') === passport._strategies['local'], Object.keys(passport._strategies)],
      middleware: [passport.authenticate('local'), passport.session(), passport.initialize()].map((f) => [
        f.name,
        f.length,
      ]),
      instance: passport instanceof (passportModule as unknown as { Passport: new () => object }).Passport,
    })
    expect(facts(hooked)).toEqual(facts(plain))
  })

  test('gives strategies verbs of the same name and length, on the same object', async () => {
    const seen: unknown[] = []
    const verbs = ['success', 'fail', 'redirect', 'pass', 'error'] as const
    const run = async (hook: boolean) => {
      const passport = newPassport()
      if (hook) auditPassport(fakeAudit().audit, passport)
      const strategy = custom('look', function (req, options) {
        seen.push(verbs.map((verb) => [this[verb].name, this[verb].length, Object.keys(this[verb])]))
        seen.push(Object.keys(this), Object.getPrototypeOf(this) === strategy, Object.keys(req), options)
        this.pass()
      })
      passport.use(strategy)
      await attempt(passport, 'look')
      return seen.splice(0)
    }
    expect(await run(true)).toEqual(await run(false))
  })

  test('keeps shape and arguments of the verbs that another framework gives', () => {
    const run = (hook: boolean) => {
      const passport = newPassport()
      if (hook) auditPassport(fakeAudit().audit, passport)
      const seen: unknown[] = []
      // As koa-passport does: two parameters, verbs of its own.
      passport.framework({
        initialize: () => {},
        authenticate: (inner: Inside, name: string) =>
          function koa(ctx: object, _next: () => void) {
            const strategy = Object.assign(Object.create(inner._strategy(name)), {
              success: function success(_a: unknown, _b: unknown, _c: unknown, ...more: unknown[]) { seen.push(['success', more]) }, // biome-ignore format: one line
              fail: (...said: unknown[]) => seen.push(said),
            })
            strategy.authenticate(ctx, {})
          },
      } as never)
      passport.use(custom('verbose', function (req) {
        seen.push(this.success.name, this.success.length, this.fail.name, this.fail.length)
        if (req.query) this.fail('a', 401, 'more')
        else this.success(ALICE, {}, 'c', 'd')
      })) // biome-ignore format: a test
      const middleware = passport.authenticate('verbose')
      middleware({}, () => {})
      middleware({ query: {} }, () => {})
      return [middleware.name, middleware.length, seen]
    }
    expect(run(true)).toEqual(run(false))
    const fake = fakeAudit()
    const passport = newPassport()
    const made = (_given: object) => {} // no middleware that we know: it is left as it is, and its strategies are seen
    passport.framework({ initialize: () => {}, authenticate: () => made } as never)
    auditPassport(fake.audit, passport)
    expect(passport.authenticate('local')).toBe(made)
  })

  test('shows in coverage what is hooked', () => {
    const fake = fakeAudit()
    auditPassport(fake.audit, newPassport())
    expect(fake.hooked).toEqual({ passport: { strategies: 'lookup', middleware: true, session: true } })
  })

  test('to the namespace of `import * as passport` reaches the object that everyone shares', async () => {
    const handle = auditPassport(fakeAudit().audit, await import('passport'))
    expect(Object.hasOwn(passportModule, 'authenticate')).toBe(true)
    handle.detach()
    expect(Object.hasOwn(passportModule, 'authenticate')).toBe(false)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['another library', { use() {} }],
    ['a frozen passport', Object.freeze(newPassport())],
  ])('to %s fails with a hint', (_name, thing) => {
    expect(() => auditPassport(fakeAudit().audit, thing as never)).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_HOOK_UNSUPPORTED' }),
    )
  })

  test.each<[unknown, RegExp]>([
    [null, /must be an object/],
    [{ reason: {} }, /did you mean "reasons"/],
    [{ usernamefield: [] }, /did you mean "usernameFields"/],
    [{ audit: true }, /options are reasons, usernameFields/],
    [{ reasons: [] }, /"reasons" must be an object/],
    [{ reasons: { 'Wrong password': 'Wrong password' } }, /what "Wrong password" is called/],
    [{ usernameFields: 'email' }, /"usernameFields" must be a list/],
    [{ usernameFields: [''] }, /"usernameFields" must be a list/],
  ])('with the options %j says what is wrong', (options, message) => {
    const passport = newPassport()
    const before = look(passport)
    const wrong = () => auditPassport(fakeAudit().audit, passport, options as never)
    expect(wrong).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID', message: expect.stringMatching(message) }),
    )
    expect(look(passport)).toEqual(before)
  })
})

describe('a passport without the private parts we know', () => {
  /** The public face only, as a later passport might have it. */
  function stranger(): PassportStatic {
    const inner = newPassport()
    return {
      use(...args: unknown[]) {
        inner.use(...(args as [never]))
        return this
      },
      authenticate: (...args: unknown[]) => inner.authenticate(...(args as [never])),
    } as never
  }

  test('has its strategies watched when they are registered', async () => {
    const passport = stranger()
    const fake = fakeAudit()
    const strategy = local()
    const other = custom('no', function () { this.fail() }) as object // biome-ignore format: one line
    const before = [look(passport), look(strategy), look(other)]
    const handle = auditPassport(fake.audit, passport)
    expect(fake.hooked).toEqual({ passport: { strategies: 'use', middleware: true, session: false } })
    passport.use('mine', strategy).use(other as never)
    expect(await attempt(passport, 'mine', { body: { username: 'alice', password: 'wonderland' } })).toEqual([
      null,
      ALICE,
      undefined,
    ])
    await attempt(passport, ['no', 'mine'])
    expect(fake.seen.map((o) => [o.event, o.auth?.strategy, o.reason])).toEqual([
      ['login.succeeded', 'local', undefined],
      ['login.failed', 'no+local', 'rejected'],
    ])
    handle.detach()
    expect([look(passport), look(strategy), look(other)]).toEqual(before)
  })

  test('has strategies watched that were registered before', async () => {
    const passport = newPassport() as Inside
    const strategy = local()
    passport.use(strategy)
    Object.defineProperty(passport, '_strategy', { get: () => (name: string) => passport._strategies[name] })
    const fake = fakeAudit()
    auditPassport(fake.audit, passport)
    expect(fake.hooked).toEqual({ passport: { strategies: 'use', middleware: true, session: true } })
    await attempt(passport, 'local')
    expect(fake.seen.map((o) => o.event)).toEqual(['login.failed'])
  })
})
