// What applications do with passport: each scenario with all the records it must leave.
import type { NextFunction, Request, Response } from 'express'
import jsonwebtoken from 'jsonwebtoken'
import passportModule from 'passport'
// @ts-expect-error without types of its own
import { Strategy as AnonymousStrategy } from 'passport-anonymous'
// @ts-expect-error without types of its own
import { BasicStrategy } from 'passport-http'
// @ts-expect-error without types of its own
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt'
import { ALICE, BOB, local, type Scenario, type Stage, type Step, signIn, type User } from './stage.js'

const KEY = 'a-secret-of-the-shop'
const get =
  (path: string, headers: Record<string, string> = {}): Step =>
  (agent) =>
    agent.get(path).set(headers)
const post =
  (path: string, body: object = {}): Step =>
  (agent) =>
    agent.post(path).send(body)
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const jwtStrategy = () =>
  new JwtStrategy({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: KEY }, (claims, done) =>
    done(null, claims.sub === '1' ? ALICE : false),
  )

type Verified = (error: unknown, user: User | false) => void
type Verbs = Record<'success' | 'fail' | 'redirect' | 'pass' | 'error', (...args: unknown[]) => unknown>
type Body = (this: Verbs, req: { query: Record<string, string> }, options: unknown) => unknown

/** A strategy that does what the test says. */
export function custom(name: string, authenticate: Body, more: object = {}): never {
  const strategy = Object.assign(new (passportModule as unknown as { Strategy: new () => object }).Strategy(), more)
  return Object.assign(strategy, { name, authenticate }) as never
}

/** The same strategy, asking a database that takes its time. */
function later(strategy: ReturnType<typeof local>): typeof strategy {
  const verify = Reflect.get(strategy, '_verify') as (...args: unknown[]) => void
  return Object.assign(strategy, { _verify: (...args: unknown[]) => void setTimeout(verify, 5, ...args) })
}

const attempt = (method: string, strategy: string, n = 1) => ({ method, strategy, attempt: `attempt ${n}` })
const localAuth = (n = 1) => attempt('password', 'local', n)
const loggedIn = (n = 1) => ({ event: 'login.succeeded', actor: ALICE, claimed: 'alice', auth: localAuth(n) })
const login = ({ app, passport }: Stage) => app.post('/login', passport.authenticate('local'))

export const SCENARIOS: Record<string, Scenario> = {
  // ── the decision of one strategy ────────────────────────────────────────────────────────────────────────────────
  'a right password signs in': {
    stage: login,
    steps: [signIn('alice', 'wonderland')],
    records: [loggedIn()],
  },
  'a wrong password is told from an unknown user by the application’s codes': {
    stage: login,
    steps: [signIn('alice', 'wrong-one'), signIn('carol', 'whatever')],
    records: [
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: localAuth(1) },
      { event: 'login.failed', reason: 'unknown_user', claimed: 'carol', auth: localAuth(2) },
    ],
  },
  'redirects are no decisions: successRedirect and failureRedirect': {
    stage({ app, passport }) {
      const options = { successRedirect: '/home', failureRedirect: '/again', failureMessage: true }
      app.post('/login', passport.authenticate('local', options))
      app.get('/messages', (req, res) => void res.json(Reflect.get(req.session, 'messages')))
    },
    steps: [signIn('alice', 'wrong-one'), get('/messages'), signIn('alice', 'wonderland')],
    records: [{ event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: localAuth(1) }, loggedIn(2)],
  },
  'failWithError, successMessage, authInfo and transformAuthInfo work on': {
    stage({ app, passport, note }) {
      passport.transformAuthInfo(((info: object, done: (e: unknown, i: unknown) => void) =>
        done(null, { ...info, seen: true })) as never)
      app.post('/login', passport.authenticate('local', { failWithError: true, successMessage: 'hi' }), (req, res) => {
        note(req.authInfo, Reflect.get(req.session, 'messages'))
        res.end()
      })
    },
    steps: [signIn('alice', 'wrong-one'), signIn('alice', 'wonderland')],
    records: [{ event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: localAuth(1) }, loggedIn(2)],
  },
  'a request without credentials': {
    stage: login,
    steps: [post('/login', { username: 'alice' }), post('/login')],
    records: [
      { event: 'login.failed', reason: 'missing_credentials', claimed: 'alice', auth: localAuth(1) },
      { event: 'login.failed', reason: 'missing_credentials', auth: localAuth(2) },
    ],
  },
  'a name that is an object is nobody’s': {
    stage: login,
    steps: [post('/login', { username: { $ne: 1 }, password: 'wonderland' }), post('/login', { username: ['alice'] })],
    records: [
      { event: 'login.failed', reason: 'missing_credentials', auth: localAuth(1) },
      { event: 'login.failed', reason: 'missing_credentials', auth: localAuth(2) },
    ],
  },
  'a request without credentials, in the application’s own words': {
    stage: ({ app, passport }) =>
      app.post('/login', passport.authenticate('local', { badRequestMessage: 'Bitte ausfüllen' } as object)),
    steps: [post('/login')],
    records: [{ event: 'login.failed', reason: 'missing_credentials', auth: localAuth() }],
  },
  'reasons by message and by code; what is no word is not kept': {
    stage({ app, passport }) {
      passport.use(
        custom('odd', function ({ query }) {
          const { code, message, status } = query
          if (message === 'text') this.fail('Basic realm="x"')
          else if (status) this.fail(Number(status))
          else this.fail(code === undefined && message === undefined ? undefined : { code, message })
        }),
      )
      app.get('/odd', passport.authenticate('odd'))
    },
    options: { reasons: { 'Incorrect password.': 'bad_credentials', E7: 'locked' } },
    steps: [
      get('/odd?message=Incorrect password.'),
      get('/odd?code=E7'),
      get('/odd?code=E7.b-c'),
      get('/odd?code=has blanks'),
      get('/odd?message=for people'),
      get('/odd?message=text'),
      get('/odd?status=403'),
      get('/odd?status=400'),
      get('/odd'),
    ],
    records: [
      'bad_credentials',
      'locked',
      'e7.b-c',
      ...Array(2).fill('rejected'),
      'missing_credentials',
      'rejected',
      'missing_credentials',
      'rejected',
    ].map((reason, i) => ({ event: 'login.failed', reason, auth: attempt('odd', 'odd', i + 1) })),
  },
  'a strategy that ends in an error, by error(), by a throw in verify, by a throw of its own': {
    stage({ app, passport }) {
      passport.use('down', local())
      passport.use('e1', custom('e1', function () { this.error(new Error('db down')) })) // biome-ignore format: one line
      passport.use('e2', custom('e2', () => { throw new RangeError('bug') })) // biome-ignore format: one line
      passport.use('e3', Object.assign(local(), { _verify: () => { throw new Error('bug in verify') } })) // biome-ignore format: one line
      for (const name of ['e1', 'e2', 'e3']) app.post(`/${name}`, passport.authenticate(name))
    },
    steps: [signIn('alice', 'x', '/e1'), signIn('alice', 'x', '/e2'), signIn('alice', 'x', '/e3')],
    records: [
      { event: 'login.failed', outcome: 'error', reason: 'error', claimed: 'alice', auth: attempt('e1', 'e1', 1) },
      { event: 'login.failed', outcome: 'error', reason: 'error', claimed: 'alice', auth: attempt('e2', 'e2', 2) },
      {
        event: 'login.failed',
        outcome: 'error',
        reason: 'error',
        claimed: 'alice',
        auth: attempt('password', 'e3', 3),
      },
    ],
  },
  'a strategy that nobody registered': {
    stage: ({ app, passport }) => {
      app.post('/login', passport.authenticate('lokal'))
      app.post('/both', passport.authenticate(['local', 'lokal']))
    },
    steps: [signIn('alice', 'x'), signIn('alice', 'x', '/both')],
    records: [
      { event: 'login.failed', outcome: 'error', reason: 'unknown_strategy', auth: { attempt: 'attempt 1' } },
      {
        event: 'login.failed',
        outcome: 'error',
        reason: 'unknown_strategy',
        claimed: 'alice',
        auth: { strategy: 'local', attempt: 'attempt 2' },
      },
    ],
  },

  // ── custom callbacks ────────────────────────────────────────────────────────────────────────────────────────────
  'a custom callback that answers 200 to everyone: the decision is the strategy’s': {
    stage({ app, passport, note }) {
      app.post('/login', (req, res, next) => {
        function answer(this: unknown, ...args: unknown[]) {
          note('callback', this === undefined, args)
          res.send('ok')
        }
        note(passport.authenticate('local', answer)(req, res, next))
      })
    },
    steps: [signIn('alice', 'wrong-one'), signIn('alice', 'wonderland'), post('/login')],
    records: [
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: localAuth(1) },
      loggedIn(2),
      { event: 'login.failed', reason: 'missing_credentials', auth: localAuth(3) },
    ],
  },
  'a custom callback that looks at its own arity and logs in': {
    stage({ app, passport, note }) {
      app.post('/login', (req, res, next) => {
        const callback = (error: unknown, user: User, info: unknown, status: unknown) => {
          note(error, user, info, status, callback.length)
          if (!user) return void res.status(401).send('no')
          req.logIn(user, { session: true }, (failed) => {
            note('logged in', failed, req.isAuthenticated())
            res.send('yes')
          })
        }
        passport.authenticate('local', {}, callback)(req, res, next)
      })
    },
    steps: [signIn('bob', 'no'), signIn('alice', 'wonderland'), get('/me')],
    records: [{ event: 'login.failed', reason: 'bad_credentials', claimed: 'bob', auth: localAuth(1) }, loggedIn(2)],
  },
  'a custom callback that throws': {
    stage({ app, passport, note }) {
      app.post('/login', (req, res, next) => {
        passport.authenticate('local', (error: Error | null) => {
          note('called', error?.message)
          if (!error) throw new Error('bug in callback')
          next(error)
        })(req, res, next)
      })
    },
    steps: [signIn('alice', 'wonderland'), signIn('alice', 'no')],
    records: [loggedIn(1), { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: localAuth(2) }],
  },

  // ── several strategies ──────────────────────────────────────────────────────────────────────────────────────────
  'of several strategies tried, the decision counts once': {
    stage({ app, passport }) {
      passport.use(jwtStrategy())
      app.post('/login', passport.authenticate(['jwt', 'local']))
    },
    steps: [signIn('alice', 'wonderland'), signIn('alice', 'wrong-one'), post('/login')],
    records: [
      { ...loggedIn(), auth: attempt('password', 'jwt+local', 1) },
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'jwt+local', 2) },
      { event: 'login.failed', reason: 'no_token', auth: attempt('token', 'jwt+local', 3) },
    ],
  },
  'several strategies and a custom callback get lists': {
    stage({ app, passport, note }) {
      passport.use(jwtStrategy())
      app.post('/login', (req, res, next) => {
        passport.authenticate(['jwt', 'local'], (...args: unknown[]) => {
          note(args)
          res.end()
        })(req, res, next)
      })
    },
    steps: [signIn('alice', 'wrong-one')],
    records: [
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'jwt+local', 1) },
    ],
  },
  'a list that grows after the middleware was made': {
    stage({ app, passport }) {
      passport.use(jwtStrategy())
      const names = ['jwt']
      app.post('/login', passport.authenticate(names))
      names.push('local')
    },
    steps: [signIn('alice', 'wonderland')],
    records: [{ ...loggedIn(), auth: attempt('password', 'jwt+local') }],
  },
  'an empty list turns everyone away': {
    stage: ({ app, passport }) => app.post('/login', passport.authenticate([])),
    steps: [signIn('alice', 'wonderland')],
    records: [{ event: 'login.failed', reason: 'rejected', auth: { attempt: 'attempt 1' } }],
  },
  'two names for one strategy are told apart': {
    stage({ app, passport }) {
      const one = local()
      passport.use('staff', one).use('members', one)
      app.post('/staff', passport.authenticate('staff'))
      app.post('/members', passport.authenticate('members'))
    },
    steps: [signIn('alice', 'x', '/members'), signIn('alice', 'x', '/staff')],
    records: [
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'members', 1) },
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'staff', 2) },
    ],
  },
  'a strategy inside another one that lends its verbs is heard once': {
    stage({ app, passport }) {
      const inner = local() as unknown as { authenticate(req: unknown, options: unknown): unknown }
      passport.use('inner', inner as never)
      passport.use(custom('outer', function (req, options) { return inner.authenticate.call(Object.assign(Object.create(inner), this), req, options) })) // biome-ignore format: one line
      app.post('/inner', passport.authenticate('inner'))
      app.post('/login', passport.authenticate('outer'))
    },
    steps: [signIn('alice', 'x', '/inner'), signIn('alice', 'wonderland')],
    records: [
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'inner', 1) },
      { ...loggedIn(), auth: attempt('outer', 'outer', 2) },
    ],
  },
  'a strategy that fails and then succeeds all the same': {
    stage({ app, passport }) {
      passport.use(custom('fickle', function () { this.fail('no'); this.success(ALICE) })) // biome-ignore format: one line
      app.get('/login', (req, res, next) =>
        passport.authenticate('fickle', () => res.headersSent || res.end())(req, res, next),
      )
    },
    steps: [get('/login')],
    records: [
      { event: 'login.failed', reason: 'rejected', auth: attempt('fickle', 'fickle') },
      { event: 'login.succeeded', actor: ALICE, auth: attempt('fickle', 'fickle') },
    ],
  },
  'a strategy that throws after it has failed, while the next one is being asked': {
    stage({ app, passport, note }) {
      passport.use(custom('odd', function () { this.fail('no'); throw new Error('bug') })) // biome-ignore format: one line
      passport.use('slow', later(local()))
      app.post('/login', (req, res, next) => {
        try {
          passport.authenticate(['odd', 'slow'])(req, res, next)
        } catch (error) {
          note((error as Error).message)
        }
      })
    },
    steps: [signIn('alice', 'wonderland')],
    records: [{ ...loggedIn(), auth: attempt('password', 'odd+slow') }],
  },
  'an attempt inside the callback of another one': {
    stage({ app, passport }) {
      passport.use(jwtStrategy())
      app.post('/login', (req, res, next) => {
        passport.authenticate('jwt', (_error: unknown, user: unknown) => {
          if (user) return next()
          passport.authenticate('local')(req, res, next)
        })(req, res, next)
      })
    },
    steps: [signIn('alice', 'wonderland')],
    records: [{ event: 'login.failed', reason: 'no_token', auth: attempt('token', 'jwt', 1) }, loggedIn(2)],
  },

  // ── instances, private fields, middleware made before the hook ──────────────────────────────────────────────────
  'strategies passed in as instances, alone and in a list': {
    stage({ app, passport }) {
      class Private {
        readonly name = 'private'
        readonly #answer = ALICE
        authenticate(this: Private & Verbs) {
          this.success(this.#answer) // throws where someone put another object in its place
        }
      }
      app.post('/one', passport.authenticate(local()))
      app.post('/list', passport.authenticate([jwtStrategy(), local()] as never))
      app.post('/private', passport.authenticate(new Private() as never))
      app.post('/nameless', passport.authenticate(Object.assign(local(), { name: undefined }) as never))
    },
    steps: ['/one', '/list', '/private', '/nameless'].map((path) => signIn('alice', 'wonderland', path)),
    records: [
      loggedIn(1),
      { ...loggedIn(), auth: attempt('password', 'jwt+local', 2) },
      { ...loggedIn(), auth: attempt('private', 'private', 3) },
      { ...loggedIn(), auth: attempt('password', 'inline', 4) },
    ],
  },
  'middleware and strategies made before the hook': {
    attachesLate: true,
    stage({ app, passport, attachNow }) {
      passport.use(jwtStrategy())
      passport.use('staff', local())
      app.post('/login', passport.authenticate('local'))
      app.post('/staff', passport.authenticate('staff'))
      app.post('/both', passport.authenticate(['jwt', 'local']))
      app.post('/ghost', passport.authenticate(['jwt', 'ghost']))
      passport.use('slow', later(local()))
      app.post('/slow', passport.authenticate(['jwt', 'slow']))
      attachNow()
    },
    steps: [
      signIn('alice', 'wonderland'),
      signIn('alice', 'x', '/staff'),
      signIn('alice', 'wonderland', '/both'),
      signIn('alice', 'x', '/both'),
      signIn('alice', 'x', '/ghost'),
      signIn('alice', 'wonderland', '/slow'),
      signIn('alice', 'x', '/slow'),
    ],
    records: [
      loggedIn(1),
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'staff', 2) },
      { ...loggedIn(), auth: attempt('password', 'jwt+local', 3) },
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'jwt+local', 4) },
      {
        event: 'login.failed',
        outcome: 'error',
        reason: 'unknown_strategy',
        auth: { strategy: 'jwt', attempt: 'attempt 5' },
      },
      { ...loggedIn(), auth: attempt('password', 'jwt+slow', 6) },
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: attempt('password', 'jwt+slow', 7) },
    ],
  },
  'a strategy replaced and one registered after the hook': {
    stage({ app, passport }) {
      app.post('/login', passport.authenticate('local'))
      app.post('/swap', (_req, res) => {
        passport.use(local({ usernameField: 'member' }))
        res.end()
      })
    },
    steps: [signIn('alice', 'wonderland'), post('/swap'), post('/login', { member: 'bob', password: 'no' })],
    records: [loggedIn(1), { event: 'login.failed', reason: 'bad_credentials', claimed: 'bob', auth: localAuth(2) }],
  },
  'whoever looks a strategy up gets that very object': {
    stage({ app, passport, note }) {
      const mine = custom('mine', function () { this.success(Reflect.get(this, 'answer')) }) as object // biome-ignore format: one line
      passport.use(mine as never)
      app.get('/login', passport.authenticate('mine'))
      app.get('/change', (_req, res) => {
        const found = Reflect.get(passport, '_strategy').call(passport, 'mine')
        note(found === mine, Object.keys(found))
        found.answer = ALICE
        res.end()
      })
    },
    steps: [get('/change'), get('/login')],
    records: [{ event: 'login.succeeded', actor: ALICE, auth: attempt('mine', 'mine') }],
  },

  // ── redirects, linking, anonymous ───────────────────────────────────────────────────────────────────────────────
  'a provider: the start, a denial, a bad state, a return': {
    stage({ app, passport }) {
      passport.use(
        custom('google', function ({ query }) {
          if (query.error) this.fail({ message: 'denied by the person' })
          else if (query.state === 'bad') this.fail({ message: 'Unable to verify authorization request state.' }, 403)
          else if (query.code) this.success(ALICE, { scope: 'email' })
          else this.redirect('https://provider.example/authorize')
        }),
      )
      app.get('/auth', passport.authenticate('google'))
    },
    steps: [
      get('/auth?username=nobody'),
      get('/auth?error=access_denied'),
      get('/auth?state=bad'),
      get('/auth?code=c0de'),
    ],
    records: [
      { event: 'login.challenged', auth: attempt('oauth', 'google', 1) },
      { event: 'login.failed', reason: 'access_denied', auth: attempt('oauth', 'google', 2) },
      { event: 'login.failed', reason: 'bad_state', auth: attempt('oauth', 'google', 3) },
      { event: 'login.succeeded', actor: ALICE, auth: attempt('oauth', 'google', 4) },
    ],
  },
  'linking an account at a provider signs nobody in': {
    stage({ app, passport }) {
      login({ app, passport } as Stage)
      passport.use(custom('github', function ({ query }) { if (query.no) this.fail({ message: 'no' }); else this.success({ id: 'gh-7' }) })) // biome-ignore format: one line
      passport.use('broken', custom('github', function () { this.error(new Error('down')) })) // biome-ignore format: one line
      app.get('/link', passport.authorize('github', {}))
      app.get('/link2', passport.authenticate('github', { assignProperty: 'account' }))
      app.get('/broken', passport.authorize('broken', {}))
      app.get('/other', passport.authenticate('github', { assignProperty: 'profile' }))
    },
    steps: [signIn('alice', 'wonderland'), get('/link'), get('/link2?no=1'), get('/broken'), get('/other')],
    records: [
      loggedIn(1),
      {
        event: 'account.linked',
        actor: ALICE,
        target: { account: { id: 'gh-7' } },
        auth: attempt('oauth', 'github', 2),
      },
      { event: 'account.link_failed', reason: 'rejected', auth: attempt('oauth', 'github', 3) },
      { event: 'account.link_failed', outcome: 'error', reason: 'error', auth: attempt('oauth', 'broken', 4) },
      { event: 'login.succeeded', actor: { id: 'gh-7' }, auth: attempt('oauth', 'github', 5) },
    ],
  },
  'linking where the hook came after the middleware': {
    attachesLate: true,
    stage({ app, passport, attachNow }) {
      passport.use(custom('github', function () { this.success({ id: 'gh-7' }) })) // biome-ignore format: one line
      app.get('/link', passport.authorize('github', {}))
      attachNow()
    },
    steps: [get('/link')],
    records: [{ event: 'account.linked', target: { account: { id: 'gh-7' } }, auth: attempt('oauth', 'github') }],
  },
  'anonymous requests that are let pass leave no record': {
    stage({ app, passport }) {
      passport.use(new AnonymousStrategy())
      passport.use(jwtStrategy())
      app.get('/open', passport.authenticate(['jwt', 'anonymous'], { session: false }))
    },
    steps: [get('/open')],
    records: [],
  },

  // ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────
  'a token: good, absent, expired, forged, of someone gone': {
    stage({ app, passport }) {
      passport.use(jwtStrategy())
      app.post('/api', passport.authenticate('jwt', { session: false }))
    },
    steps: [
      (agent) =>
        agent
          .post('/api')
          .set(bearer(jsonwebtoken.sign({ sub: '1' }, KEY)))
          .send({ email: 'someone@else.example' }),
      post('/api', { username: 'someone else' }),
      (agent) => agent.post('/api').set(bearer(jsonwebtoken.sign({ sub: '1', exp: 1 }, KEY))),
      (agent) => agent.post('/api').set(bearer(jsonwebtoken.sign({ sub: '1' }, 'another'))),
      (agent) => agent.post('/api').set(bearer(jsonwebtoken.sign({ sub: '9' }, KEY))),
    ],
    records: [
      { event: 'login.succeeded', actor: ALICE, auth: attempt('token', 'jwt', 1) },
      { event: 'login.failed', reason: 'no_token', auth: attempt('token', 'jwt', 2) },
      { event: 'login.failed', reason: 'token_expired', auth: attempt('token', 'jwt', 3) },
      { event: 'login.failed', reason: 'token_invalid', auth: attempt('token', 'jwt', 4) },
      { event: 'login.failed', reason: 'rejected', auth: attempt('token', 'jwt', 5) },
    ],
  },
  'basic authentication names who tried': {
    stage({ app, passport }) {
      passport.use(
        new BasicStrategy({ realm: 'Users' }, (name: string, password: string, done: Verified) =>
          done(null, name === 'alice' && password === 'wonderland' ? ALICE : false),
        ),
      )
      app.get('/api', passport.authenticate('basic', { session: false }))
    },
    steps: [
      get('/api', basic('alice:wonderland')),
      get('/api', basic('alice:a:b')),
      get('/api', basic('no colon')),
      get('/api'),
    ],
    records: [
      { event: 'login.succeeded', actor: ALICE, claimed: 'alice', auth: attempt('password', 'basic', 1) },
      { event: 'login.failed', reason: 'rejected', claimed: 'alice', auth: attempt('password', 'basic', 2) },
      { event: 'login.failed', reason: 'missing_credentials', auth: attempt('password', 'basic', 3) },
      { event: 'login.failed', reason: 'missing_credentials', auth: attempt('password', 'basic', 4) },
    ],
  },
  'a bearer token: good, unknown, absent, given twice': {
    stage({ app, passport }) {
      passport.use(new BearerStrategy((token: string, done: Verified) => done(null, token === 'good' ? ALICE : false)))
      app.post('/api', passport.authenticate('bearer', { session: false }))
    },
    steps: [
      (agent) => agent.post('/api').set(bearer('good')),
      (agent) => agent.post('/api').set(bearer('made-up')),
      post('/api', { username: 'someone else' }),
      (agent) => agent.post('/api?access_token=good').set(bearer('good')),
    ],
    records: [
      { event: 'login.succeeded', actor: ALICE, auth: attempt('token', 'bearer', 1) },
      { event: 'login.failed', reason: 'token_invalid', auth: attempt('token', 'bearer', 2) },
      { event: 'login.failed', reason: 'no_token', auth: attempt('token', 'bearer', 3) },
      { event: 'login.failed', reason: 'missing_credentials', auth: attempt('token', 'bearer', 4) },
    ],
  },
  'an AuthGuard of Nest: a callback always, nobody signed in, and no user may be let pass': {
    stage({ app, passport, note }) {
      // As @nestjs/passport does it: the middleware is made for each request, and its callback settles a promise.
      const guard = (type: string | string[]) => (req: Request, res: Response, next: NextFunction) =>
        new Promise((resolve, reject) => {
          const settle = (error: unknown, user: unknown, info: unknown, status: unknown) => {
            note(error, Boolean(user), status === undefined ? undefined : [status].flat().length, typeof info)
            Object.assign(req, { authInfo: info })
            if (error) reject(error)
            else resolve(user)
          }
          passport.authenticate(type, { session: false, property: 'user' } as object, settle as never)(req, res, reject)
        }).then((user) => {
          Object.assign(req, { user: user || { name: 'guest' } })
          next()
        }, next)
      passport.use(jwtStrategy())
      app.post('/guarded', guard('local'))
      app.post('/optional', guard(['jwt', 'local']))
    },
    steps: [
      signIn('alice', 'wonderland', '/guarded'),
      signIn('alice', 'wrong-one', '/guarded'),
      signIn('alice', 'wrong-one', '/optional'),
    ],
    records: [
      loggedIn(1),
      { event: 'login.failed', reason: 'bad_credentials', claimed: 'alice', auth: localAuth(2) },
      {
        event: 'login.failed',
        reason: 'bad_credentials',
        claimed: 'alice',
        auth: attempt('password', 'jwt+local', 3),
      },
    ],
  },

  // ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────────
  'a session is restored without a record, and ends with one': {
    stage(stage) {
      login(stage)
      stage.app.post('/logout', (req, res, next) =>
        req.logout((error) => {
          stage.note('logged out', error, req.user)
          if (error) next(error)
          else res.end()
        }),
      )
    },
    steps: [signIn('alice', 'wonderland'), get('/me'), post('/logout'), get('/me'), post('/logout')],
    records: [loggedIn(), { event: 'logout.succeeded', actor: ALICE, session: 'sid' }],
  },
  'a session whose account is gone': {
    stage(stage) {
      login(stage)
      stage.app.post('/remove', (_req, res) => {
        stage.accounts.delete(ALICE.id)
        res.end()
      })
    },
    steps: [signIn('alice', 'wonderland'), post('/remove'), get('/me'), get('/me')],
    records: [loggedIn(), { event: 'session.invalid', reason: 'restore_failed', session: 'sid' }],
  },
  'a session that cannot be restored': {
    stage(stage) {
      login(stage)
      stage.app.post('/break', (_req, res) => {
        Object.defineProperty(stage.accounts, 'get', { value: () => { throw new Error('db down') } }) // biome-ignore format: one line
        res.end()
      })
    },
    steps: [signIn('alice', 'wonderland'), post('/break'), get('/me')],
    records: [loggedIn(), { event: 'session.failed', outcome: 'error', reason: 'restore_error', session: 'sid' }],
  },
  'a user that cannot be put into the session': {
    stage({ app, passport, note }) {
      passport.serializeUser((_user, done) => done(new Error('unreachable')))
      const strange = { name: 'no id' }
      passport.use(custom('strange', function () { this.success(strange) })) // biome-ignore format: one line
      app.get('/strange', passport.authenticate('strange'))
      app.get('/app', (req, res) =>
        req.logIn(strange as never, (error) => {
          note(error?.message, req.user)
          res.end()
        }),
      )
    },
    steps: [get('/strange'), get('/app')],
    records: [
      { event: 'login.succeeded', actor: { name: 'no id' }, auth: attempt('strange', 'strange') },
      {
        event: 'session.failed',
        outcome: 'error',
        reason: 'error',
        actor: { name: 'no id' },
        auth: { attempt: 'attempt 1' },
        session: 'sid',
      },
      {
        event: 'session.failed',
        outcome: 'error',
        reason: 'error',
        actor: { name: 'no id' },
        auth: { method: 'application', attempt: 'attempt 2' },
        session: 'sid',
      },
    ],
  },
  'anonymous logout renews the session, and nobody has left': {
    stage({ app, note }) {
      app.post('/logout', (req, res) => {
        const before = req.sessionID
        req.logout((error) => {
          note(error, req.sessionID !== before)
          res.end()
        })
      })
    },
    steps: [post('/logout')],
    records: [],
  },
  'a logout that fails': {
    stage(stage) {
      login(stage)
      stage.app.post('/logout', (req, _res, next) => {
        stage.store.set = (_sid, _session, callback) => callback?.(new Error('store down'))
        req.logout(next)
      })
    },
    steps: [signIn('alice', 'wonderland'), post('/logout')],
    records: [loggedIn(), { event: 'logout.failed', outcome: 'error', reason: 'error', actor: ALICE, session: 'sid' }],
  },
  'a session that cannot be renewed (cookie-session with passport 0.7)': {
    stage(stage) {
      stage.app.post('/login', (req, _res, next) => {
        Object.defineProperty(req.session, 'regenerate', { value: undefined })
        next()
      })
      login(stage)
    },
    steps: [signIn('alice', 'wonderland')],
    records: [
      loggedIn(),
      {
        event: 'session.failed',
        outcome: 'error',
        reason: 'error',
        actor: ALICE,
        auth: { attempt: 'attempt 1' },
        session: 'sid',
      },
    ],
  },
  'the application signs someone in by itself, then again, then as someone else': {
    stage({ app, note }) {
      const as = (path: string, user: User) =>
        app.post(path, (req, res) =>
          req.logIn(user, (error) => {
            note(error, req.user)
            res.end()
          }),
        )
      as('/register', ALICE)
      as('/refresh', { ...ALICE, name: 'alice the second' })
      as('/impersonate', BOB)
    },
    steps: [
      post('/register', { email: ' alice\u0000@shop.example ' }),
      post('/refresh'),
      post('/impersonate', { user: 'bob' }),
      get('/me'),
    ],
    records: [
      {
        event: 'login.succeeded',
        actor: ALICE,
        claimed: 'alice@shop.example',
        auth: { method: 'application', attempt: 'attempt 1' },
        session: 'sid',
      },
      {
        event: 'login.switched',
        actor: ALICE,
        target: { account: BOB },
        auth: { method: 'application', attempt: 'attempt 2' },
        session: 'sid',
      },
    ],
  },
  'a strategy verifies one account and the application signs in another': {
    stage({ app, passport }) {
      app.post('/login', (req, res, next) => {
        passport.authenticate('local', () => req.logIn(BOB, () => res.end()))(req, res, next)
      })
    },
    steps: [signIn('alice', 'wonderland')],
    records: [
      loggedIn(),
      {
        event: 'login.switched',
        actor: ALICE,
        target: { account: BOB },
        auth: { method: 'application', attempt: 'attempt 2' },
        session: 'sid',
      },
    ],
  },
  'a second step in a request of its own (verified, then signed in later)': {
    stage({ app, passport }) {
      app.post('/password', (req, res, next) => {
        passport.authenticate('local', { session: false }, (_e: unknown, user: User) =>
          res.json({ next: Boolean(user) }),
        )(req, res, next)
      })
      app.post('/code', (req, res) => req.logIn(ALICE, () => res.end()))
    },
    steps: [signIn('alice', 'wonderland', '/password'), post('/code', { code: '123456' })],
    records: [
      loggedIn(1),
      { event: 'login.succeeded', actor: ALICE, auth: { method: 'application', attempt: 'attempt 2' }, session: 'sid' },
    ],
  },
  'signing in as someone else with a password is a login like any other': {
    stage: login,
    steps: [signIn('alice', 'wonderland'), signIn('bob', 'builder')],
    records: [loggedIn(1), { event: 'login.succeeded', actor: BOB, claimed: 'bob', auth: localAuth(2) }],
  },
  'userProperty, initialize() and session(pauseStream)': {
    stage({ app, passport, note }) {
      app.use(passport.initialize({ userProperty: 'account' }))
      app.use(passport.session({ pauseStream: true }))
      app.post('/login', passport.authenticate('local'))
      app.post('/who', (req, res) => {
        note(Reflect.get(req, 'account'))
        req.logout(() => res.end())
      })
    },
    steps: [signIn('alice', 'wonderland'), post('/who')],
    records: [loggedIn(), { event: 'logout.succeeded', actor: ALICE, session: 'sid' }],
  },

  // ── frameworks of others ────────────────────────────────────────────────────────────────────────────────────────
  'a custom framework that returns what it likes': {
    stage({ app, passport, note }) {
      const authenticate = (...args: unknown[]) => ({ made: args.length, same: args[0] === passport })
      passport.framework({
        initialize: () => note('initialize'),
        authenticate,
        authorize: (...args: unknown[]) => args.length,
      } as never)
      note(passport.initialize(), passport.authenticate('local'), passport.authorize('local', {}))
      app.get('/', (_req, res) => res.end())
    },
    steps: [get('/')],
    records: [],
  },
  'odd calls of passport answer as they did': {
    stage({ app, passport, note }) {
      for (const odd of [
        () => passport.authenticate(undefined as never),
        () => passport.use({} as never),
        () => passport.authenticate(null as never),
      ])
        try {
          note(typeof odd())
        } catch (error) {
          note((error as Error).message)
        }
      const middleware = passport.authenticate('local')
      note(middleware.name, middleware.length)
      for (const args of [[], [{}], [null, {}, () => {}]])
        try {
          note(middleware(...args))
        } catch (error) {
          note((error as Error).message.replace(/'[^']*'/, ''))
        }
      app.get('/', (_req, res) => res.end())
    },
    steps: [get('/')],
    records: [{ outsideOfRequests: true, event: 'login.failed', reason: 'missing_credentials', auth: localAuth() }],
  },
}
