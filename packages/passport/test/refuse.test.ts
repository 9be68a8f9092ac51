// Where policy refuses what cannot be recorded, a success waits for its record. Everywhere else nothing waits.

import type { Verdict } from '@trailproof/core/adapter'
import type { RequestHandler } from 'express'
import passportModule, { type PassportStatic } from 'passport'
import { describe, expect, test } from 'vitest'
import { type Fake, fakeAudit } from '../../../test/fake-audit.js'
import { auditPassport } from '../src/index.js'
import { custom } from './scenarios.js'
import { ALICE, BOB, currentContext, EXPRESS, plain, play, type Scenario, signIn } from './stage.js'

const login: Scenario = {
  stage: ({ app, passport }) => app.post('/login', passport.authenticate('local')),
  steps: [signIn('alice', 'wonderland'), (agent) => agent.get('/me')],
  records: [],
}
const auth = { method: 'password', strategy: 'local', attempt: 'attempt 1' }
const succeeded = { event: 'login.succeeded', actor: ALICE, claimed: 'alice', auth }

describe.each(Object.entries(EXPRESS))('on %s', (_name, express) => {
  test('a sign-in whose record is not safe is answered 503, and nobody is signed in', async () => {
    const verdict = (o: { event: string }): Promise<Verdict> =>
      Promise.resolve(o.event === 'login.succeeded' ? 'refuse' : 'go')
    const { answers, seen } = await play(express, login, 'on', { onFailure: 'refuse', verdict })
    expect(answers).toMatchObject([
      { status: 503, headers: { cookies: undefined }, text: expect.stringContaining('"code":"TRAILPROOF_REFUSED"') },
      { status: 200, text: expect.stringContaining('"user":null') },
    ])
    expect(plain(seen)).toEqual([succeeded, { event: 'login.refused', actor: ALICE, claimed: 'alice', auth }])
  })

  test('a sign-in whose record is safe, late, goes on as without the hook', async () => {
    const verdict = () => new Promise<Verdict>((resolve) => setTimeout(resolve, 50, 'go'))
    const without = await play(express, login, 'off')
    const { answers, seen } = await play(express, login, 'on', { onFailure: 'refuse', verdict })
    expect(answers).toEqual(without.answers)
    expect(plain(seen)).toEqual([succeeded])
  })

  test('a custom callback gets the refusal as its error', async () => {
    const scenario: Scenario = {
      ...login,
      stage: ({ app, passport, note }) =>
        app.post('/login', (req, res, next) => {
          passport.authenticate('local', (error: { status: number; name: string } | null, user: unknown) => {
            note(error?.name, error?.status, user)
            res.status(error?.status ?? 200).end()
          })(req, res, next)
        }),
    }
    const { answers, trace } = await play(express, scenario, 'on', {
      onFailure: 'refuse',
      verdict: () => Promise.resolve('refuse'),
    })
    expect(trace).toEqual([['TrailproofError', 503, undefined]])
    expect(answers).toMatchObject([{ status: 503 }, {}])
  })
})

/** Middleware run without HTTP, so that the order of things can be seen. */
function stage(
  says: Parameters<typeof fakeAudit>[0],
  authenticate: Parameters<typeof custom>[1],
  options: object = { session: false },
) {
  const fake: Fake = fakeAudit(says)
  const passport = new (passportModule as unknown as { Passport: new () => PassportStatic }).Passport()
  auditPassport(fake.audit, passport)
  passport.use(custom('mine', authenticate))
  return { fake, passport, middleware: passport.authenticate('mine', options) as RequestHandler }
}
const run = (middleware: RequestHandler, req: object = {}) =>
  new Promise<unknown>((resolve) => middleware(req as never, {} as never, resolve as never))
const refusing = (verdict: Verdict) => ({ onFailure: 'refuse' as const, verdict: () => Promise.resolve(verdict) })

describe('with `continue`', () => {
  test('success is passed on at once, whatever becomes of the record', () => {
    const order: string[] = []
    const { middleware } = stage(
      { observe: (o) => order.push(o.event), verdict: () => new Promise(() => {}) },
      function () {
        order.push('before')
        this.success(ALICE)
        order.push('after')
      },
    )
    middleware({} as never, {} as never, () => order.push('next'))
    expect(order).toEqual(['before', 'login.succeeded', 'next', 'after'])
  })

  test('a verdict `refuse` is the gate’s business, not the hook’s', async () => {
    const { middleware } = stage({ onFailure: 'continue', verdict: () => Promise.resolve('refuse') }, function () {
      this.success(ALICE)
    })
    expect(await run(middleware)).toBeUndefined()
  })
})

describe('with `refuse`', () => {
  test('failures, redirects and errors are passed on at once', () => {
    for (const verb of ['fail', 'error', 'pass'] as const) {
      let answered = false
      const { middleware } = stage({ onFailure: 'refuse', verdict: () => new Promise(() => {}) }, function () {
        this[verb](new Error('no'))
      })
      const res = { setHeader() {}, end: () => { answered = true } } // biome-ignore format: one line
      middleware({} as never, res as never, () => { answered = true }) // biome-ignore format: one line
      expect(answered).toBe(true)
    }
  })

  test('an error thrown after the wait reaches the application as an error, not the process', async () => {
    const { middleware } = stage(
      refusing('go'),
      function () {
        this.success(ALICE)
      },
      { session: false, successFlash: 'hi' },
    ) // there is no req.flash: passport throws
    expect(await run(middleware)).toMatchObject({ message: expect.stringContaining('flash') })
  })

  test('an observer that throws refuses, since nothing was recorded', async () => {
    const { middleware } = stage({ onFailure: 'refuse', observe() { throw new Error('ours') } }, function () { this.success(ALICE) }) // biome-ignore format: one line
    expect(await run(middleware)).toMatchObject({ code: 'TRAILPROOF_REFUSED', status: 503, statusCode: 503 })
  })

  test('a refused link is recorded as a link that failed', async () => {
    const { middleware, fake } = stage(refusing('refuse'), function () { this.success({ id: 'gh-7' }) }, { assignProperty: 'account' }) // biome-ignore format: one line
    const req = {}
    expect(await run(middleware, req)).toMatchObject({ code: 'TRAILPROOF_REFUSED' })
    expect(req).not.toHaveProperty('account')
    expect(fake.seen).toMatchObject([
      { event: 'account.linked', target: { account: { id: 'gh-7' } } },
      {
        event: 'account.link_failed',
        outcome: 'error',
        reason: 'refused',
        auth: { attempt: fake.seen[0]!.auth!.attempt },
      },
    ])
  })

  test('whoever was known before is whom the request acts for again', async () => {
    const scenario: Scenario = {
      stage({ app, passport, note }) {
        app.post('/login', passport.authenticate('local'))
        app.use(((error, _req, res, _next) => {
          note(currentContext()?.actor)
          res.status(error.status).end()
        }) as import('express').ErrorRequestHandler)
      },
      steps: [signIn('bob', 'builder'), signIn('alice', 'wonderland')],
      records: [],
    }
    let n = 0
    const { trace } = await play(EXPRESS['express 5'], scenario, 'on', {
      onFailure: 'refuse',
      verdict: (o) => Promise.resolve(o.event === 'login.succeeded' && ++n === 2 ? 'refuse' : 'go'),
    })
    expect(trace).toEqual([[{ id: String(BOB.id) }]])
  })

  test('a strategy asked twice in one request is judged twice', async () => {
    const { middleware, fake } = stage(refusing('go'), function () { this.success(ALICE) }) // biome-ignore format: one line
    const req = {}
    await run(middleware, req)
    await run(middleware, req)
    expect(fake.seen.map((o) => o.event)).toEqual(['login.succeeded', 'login.succeeded'])
    expect(fake.seen[0]!.auth!.attempt).not.toBe(fake.seen[1]!.auth!.attempt)
  })
})
