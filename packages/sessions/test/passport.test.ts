// Sessions under passport 0.7, which rotates the id at sign-in and at sign-out.

import { currentContext } from '@trailproof/core/adapter'
import session from 'express-session'
import passportModule from 'passport'
import { Strategy } from 'passport-local'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditSession } from '../src/index.js'
import { Browser, counting, type Running, SECRET, serve } from './support/app.js'
import { FakeAudit } from './support/fake-audit.js'

const ANN = { id: 'ann' }
const BOB = { id: 'bob' }
const HOOK = { hook: 'express-session' }
const id = (n: number) => `sid-${n}-0123456789`

let running: Running
let fake: FakeAudit
let browser: Browser

describe.each([4, 5] as const)('express %s', (version) => {
  beforeEach(async () => {
    fake = new FakeAudit()
    const passport = new passportModule.Passport()
    passport.use(
      new Strategy({ passReqToCallback: false }, (name, _password, done) =>
        done(null, name === 'ann' ? ANN : name === 'bob' ? BOB : false),
      ),
    )
    passport.serializeUser((user, done) => done(null, (user as typeof ANN).id))
    passport.deserializeUser((key, done) => done(null, key === 'ann' ? ANN : BOB))
    running = await serve(version, (app) => {
      app.use(fake.middleware() as never)
      app.use(
        auditSession(
          fake.audit,
          session,
        )({ secret: SECRET, genid: counting(), resave: false, saveUninitialized: false }),
      )
      app.use(passport.session())
      app.get('/look', (req, res) => void res.json({ user: req.user ?? null }))
      app.get('/cart', (req, res) => void res.json(Object.assign(req.session, { cart: 1 })))
      app.get('/login', passport.authenticate('local'), (req, res) => void res.json({ user: req.user }))
      app.get('/logout', (req, res, next) =>
        req.logout((error) => {
          // what auditPassport records here
          if (!error) currentContext()?.events.add('logout.succeeded')
          return error ? next(error) : res.json({})
        }),
      )
      app.get('/logout-unrecorded', (req, res, next) => req.logout((error) => (error ? next(error) : res.json({}))))
      app.get('/logout-and-destroy', (req, res) =>
        req.logout(() => {
          currentContext()?.events.add('logout.succeeded')
          req.session.destroy(() => res.json({}))
        }),
      )
    })
    browser = new Browser(running.url)
  })

  afterEach(() => running.close())

  async function seenBy(path: string) {
    const answer = await browser.get(path)
    expect(answer.status).toBe(200)
    return fake.take().filter((o) => o.event !== 'session.renewed')
  }

  it('records a sign-in without an earlier session as one creation, with its user', async () => {
    expect(await seenBy('/login?username=ann&password=x')).toEqual([
      { ...HOOK, event: 'session.created', session: id(2), actor: ANN, url: '/login?username=ann&password=x' },
    ])
    expect(await seenBy('/look')).toEqual([])
  })

  it('records a sign-in from an anonymous session as its rotation', async () => {
    expect(await seenBy('/cart')).toEqual([{ ...HOOK, event: 'session.created', session: id(1), url: '/cart' }])
    expect(await seenBy('/login?username=ann&password=x')).toEqual([
      {
        ...HOOK,
        event: 'session.rotated',
        session: id(2),
        sessionFrom: id(1),
        actor: ANN,
        url: '/login?username=ann&password=x',
      },
    ])
  })

  it('records a change of user as a rotation', async () => {
    await seenBy('/login?username=ann&password=x')
    expect(await seenBy('/login?username=bob&password=x')).toEqual([
      {
        ...HOOK,
        event: 'session.rotated',
        session: id(3),
        sessionFrom: id(2),
        actor: BOB,
        url: '/login?username=bob&password=x',
      },
    ])
  })

  it('records a sign-out as the end of the session; what passport leaves in its place is a new one', async () => {
    await seenBy('/login?username=ann&password=x')
    const old = browser.sid!
    expect(await seenBy('/logout')).toEqual([
      { ...HOOK, event: 'session.ended', reason: 'logout', session: id(2), url: '/logout' },
      { ...HOOK, event: 'session.created', session: id(3), url: '/logout' },
    ])
    browser.sid = old
    expect(await seenBy('/look')).toEqual([
      { ...HOOK, event: 'session.replayed', reason: 'ended', session: id(2), url: '/look' },
    ])
  })

  it('records a sign-out that nobody recorded as the rotation it looks like', async () => {
    await seenBy('/login?username=ann&password=x')
    expect(await seenBy('/logout-unrecorded')).toEqual([
      { ...HOOK, event: 'session.rotated', session: id(3), sessionFrom: id(2), url: '/logout-unrecorded' },
    ])
  })

  it('records a sign-out that also destroys the session once', async () => {
    await seenBy('/login?username=ann&password=x')
    expect(await seenBy('/logout-and-destroy')).toEqual([
      { ...HOOK, event: 'session.ended', reason: 'logout', session: id(2), url: '/logout-and-destroy' },
    ])
  })
})
