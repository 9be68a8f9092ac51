// The edge cases of passport, row by row, as they were found when it was measured: each is played on passport 0.7 and 0.6,
// with the hook and without. A row names the scenarios that show it; what is found stands in their records.
import { describe, expect, test } from 'vitest'
import { fakeAudit } from '../../../test/fake-audit.js'
import { auditPassport } from '../src/index.js'
import { SCENARIOS } from './scenarios.js'
import { EXPRESS, PASSPORT, plain, play } from './stage.js'

const ROWS: Record<string, string[]> = {
  // what the hook must reach
  'a strategy registered before the hook': ['middleware and strategies made before the hook'],
  'middleware made before the hook': [
    'middleware and strategies made before the hook',
    'linking where the hook came after the middleware',
  ],
  'a strategy passed in as an instance': ['strategies passed in as instances, alone and in a list'],
  'one strategy under two names': ['two names for one strategy are told apart'],
  'an unknown strategy: none runs': ['a strategy that nobody registered'],
  'each attempt is heard once': [
    'a strategy inside another one that lends its verbs is heard once',
    'an attempt inside the callback of another one',
  ],
  'a restored session is no sign-in': ['a session is restored without a record, and ends with one'],
  'a custom framework may return anything': ['a custom framework that returns what it likes'],
  // the table
  'a custom callback ignores user=false': [
    'a custom callback that answers 200 to everyone: the decision is the strategy’s',
  ],
  'a callback gets a user and never calls logIn (MFA)': [
    'a second step in a request of its own (verified, then signed in later)',
  ],
  'several strategies in a list: only the decision counts': [
    'of several strategies tried, the decision counts once',
    'several strategies and a custom callback get lists',
    'a list that grows after the middleware was made',
    'an empty list turns everyone away',
  ],
  'successRedirect and failureRedirect: next() is never called': [
    'redirects are no decisions: successRedirect and failureRedirect',
  ],
  'a serialize error after success': ['a user that cannot be put into the session'],
  'passport-jwt fails with an error; no token at all is no attack': [
    'a token: good, absent, expired, forged, of someone gone',
  ],
  'missing credentials': [
    'a request without credentials',
    'a request without credentials, in the application’s own words',
  ],
  'a throw inside verify, a throw of the strategy': [
    'a strategy that ends in an error, by error(), by a throw in verify, by a throw of its own',
    'a strategy that throws after it has failed, while the next one is being asked',
  ],
  'OAuth: start, denial, bad state, return': ['a provider: the start, a denial, a bad state, a return'],
  'authorize: an account is linked, nobody signs in': ['linking an account at a provider signs nobody in'],
  'deserialize says nobody, or breaks': ['a session whose account is gone', 'a session that cannot be restored'],
  'a logout of nobody': ['anonymous logout renews the session, and nobody has left'],
  'cookie-session and passport 0.7: no regenerate()': [
    'a session that cannot be renewed (cookie-session with passport 0.7)',
  ],
  'an AuthGuard of @nestjs/passport': [
    'an AuthGuard of Nest: a callback always, nobody signed in, and no user may be let pass',
  ],
  'bearer, basic, anonymous': [
    'a bearer token: good, unknown, absent, given twice',
    'basic authentication names who tried',
    'anonymous requests that are let pass leave no record',
  ],
  'the typed name is never taken from what is no text': ['a name that is an object is nobody’s'],
}

const PLAYS = Object.entries(ROWS).flatMap(([row, titles]) => titles.map((title) => [row, title] as const))

describe.each(Object.entries(PASSPORT))('%s', (_name, passports) => {
  test.each(PLAYS)('%s (%s)', async (_row, title) => {
    const scenario = SCENARIOS[title]!
    const express = EXPRESS['express 5']
    const without = await play(express, scenario, 'off', undefined, passports)
    const withHook = await play(express, scenario, 'on', undefined, passports)
    expect(withHook.answers).toEqual(without.answers)
    expect(plain(withHook.seen)).toEqual(scenario.records)
  })

  test('a second copy of passport, as inside koa-passport, is another object: hook the one that is used', () => {
    const other = passports === PASSPORT['passport 0.7'] ? PASSPORT['passport 0.6'] : PASSPORT['passport 0.7']
    const [used, nested] = [new passports.Passport(), new other.Passport()]
    auditPassport(fakeAudit().audit, used as never)
    expect(Object.hasOwn(used, 'authenticate')).toBe(true)
    expect(Object.hasOwn(nested, 'authenticate')).toBe(false)
    auditPassport(fakeAudit().audit, nested as never)
    expect(Object.hasOwn(nested, 'authenticate')).toBe(true)
  })
})

/** Rows that need a request of their own making stand in request.test.ts, under these words. */
test('the rest of the table is tested where it is at home', async () => {
  const { readFileSync } = await import('node:fs')
  const text = readFileSync(new URL('./request.test.ts', import.meta.url), 'utf8')
  for (const row of [
    'a client that goes away during a slow verify: what passport decides is recorded',
    'two requests in one instance at once get what passport gives them, bug and all',
  ])
    expect(text).toContain(row)
})
