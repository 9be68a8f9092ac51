// Signing in by way of a real OpenID Connect provider: what passport-openidconnect and passport-oauth2 (with PKCE) answer in
// earnest, as records of the log.
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { auditExpress } from '@trailproof/express'
import { auditPassport } from '@trailproof/passport'
import { auditSession } from '@trailproof/sessions'
import { type MemoryAudit, memoryAudit } from '@trailproof/testkit'
import express, { type NextFunction, type Request, type Response } from 'express'
import session from 'express-session'
import passport07, { type PassportStatic } from 'passport'
// @ts-expect-error without types of its own
import OAuth2Strategy from 'passport-oauth2'
// @ts-expect-error without types of its own
import OidcStrategy from 'passport-openidconnect'
// @ts-expect-error an alias of passport 0.6, without types of its own
import passport06 from 'passport06'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Person, type RunningProvider, startProvider } from './oidc/provider.js'

type Done = (error: unknown, user?: object | false, info?: object) => void
type Passports = { Passport: new () => PassportStatic }

describe.each([
  ['passport 0.7', passport07 as unknown as Passports],
  ['passport 0.6', passport06 as Passports],
])('%s', (_name, { Passport }) => {
  let server: Server
  let url: string
  let provider: RunningProvider
  let memory: MemoryAudit
  /** The application of each test: the address stays, since the provider knows it. */
  let app: express.Express

  beforeAll(async () => {
    server = (await import('node:http')).createServer((req, res) => app(req, res)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    provider = await startProvider(url)
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await provider.stop()
  })
  beforeEach(() => {
    memory = memoryAudit()
    app = shop(memory, new Passport(), provider.issuer, url)
  })
  afterEach(() => memory.close())

  const told = async () => {
    const all = (await memory.records()).filter(({ event }) =>
      /^(login|account|session\.(created|rotated))/.test(event),
    )
    return all.map(({ event, reason }) => (reason ? `${event} ${reason}` : event))
  }

  it.each(['oidc', 'pkce'])('%s: consent at the provider signs in, into another session', async (way) => {
    const ann = new Person()
    const back = await ann.atProvider(`${url}/${way}`, { as: 'ann' })
    expect(await ann.open(back)).toMatchObject({ status: 200, text: 'hello ann' })
    expect(await told()).toEqual(['login.challenged', 'session.created', 'login.succeeded', 'session.rotated'])
    const [challenged, , signedIn] = await memory.records()
    expect(challenged!.auth).toMatchObject({ method: 'oauth', strategy: way })
    expect(signedIn).toMatchObject({
      actor: { ref: await memory.audit.actorRef({ id: 'ann' }) },
      auth: { method: 'oauth', strategy: way },
      http: { method: 'GET', route: `/${way}/callback` },
    })
    // The code stands in the URL, the state in the session: neither in a record.
    const { searchParams } = new URL(back)
    const text = JSON.stringify(await memory.records('*'))
    for (const secret of [searchParams.get('code')!, searchParams.get('state')!]) expect(text).not.toContain(secret)
  })

  it.each(['oidc', 'pkce'])('%s: the person says no at the provider', async (way) => {
    const ann = new Person()
    const back = await ann.atProvider(`${url}/${way}`, { as: 'ann', consent: false })
    expect(new URL(back).searchParams.get('error')).toBe('access_denied')
    expect((await ann.open(back)).status).toBe(401)
    expect(await told()).toEqual(['login.challenged', 'session.created', 'login.failed access_denied'])
  })

  it.each(['oidc', 'pkce'])('%s: an answer that this browser did not ask for has a bad state', async (way) => {
    const [ann, mallory] = [new Person(), new Person()]
    await ann.open(`${url}/${way}`)
    const back = await mallory.atProvider(`${url}/${way}`, { as: 'mallory' })
    expect((await ann.open(back)).status).toBe(403)
    expect((await told()).at(-1)).toBe('login.failed bad_state')
  })

  it('a PKCE verifier that does not fit the challenge: the provider refuses the code', async () => {
    const ann = new Person()
    const back = await ann.atProvider(`${url}/pkce`, { as: 'ann' })
    expect((await ann.open(`${back}&spoil=verifier`)).status).toBe(500)
    expect((await told()).at(-1)).toBe('login.failed invalid_grant')
    expect((await memory.records('login.failed'))[0]).toMatchObject({ outcome: 'error' })
  })

  it.each(['oidc', 'pkce'])('%s: a code is good once', async (way) => {
    const ann = new Person()
    const back = await ann.atProvider(`${url}/${way}`, { as: 'ann' })
    expect((await ann.open(back)).status).toBe(200)
    const code = new URL(back).searchParams.get('code')!
    const next = new URL((await ann.open(`${url}/${way}`)).location!).searchParams.get('state')!
    expect((await ann.open(`${url}/${way}/callback?${new URLSearchParams({ code, state: next })}`)).status).toBe(500)
    expect((await told()).at(-1)).toBe('login.failed invalid_grant')
  })

  it('an account at the provider is linked to the one signed in, and nobody signs in by it', async () => {
    const ann = new Person()
    await ann.open(await ann.atProvider(`${url}/oidc`, { as: 'ann' }))
    const before = (await memory.records()).length
    const back = await ann.atProvider(`${url}/link`, { as: 'ann' })
    expect(await ann.open(back)).toMatchObject({ status: 200, text: 'linked ann to ann' })
    const since = (await memory.records()).slice(before).filter(({ event }) => event !== 'session.renewed')
    expect(since.map(({ event, reason }) => [event, reason])).toEqual([
      ['login.challenged', 'linking'],
      ['account.linked', undefined],
    ])
    const ref = await memory.audit.actorRef({ id: 'ann' })
    expect(since[1]).toMatchObject({ actor: { ref }, target: { type: 'account', ref }, auth: { strategy: 'link' } })
  })

  it('linking is denied at the provider', async () => {
    const ann = new Person()
    await ann.open(await ann.atProvider(`${url}/oidc`, { as: 'ann' }))
    const back = await ann.atProvider(`${url}/link`, { as: 'ann', consent: false })
    expect((await ann.open(back)).status).toBe(401)
    expect((await told()).at(-1)).toBe('account.link_failed access_denied')
  })
})

function shop({ audit }: MemoryAudit, passport: PassportStatic, issuer: string, url: string): express.Express {
  const app = express()
  app.use(auditExpress(audit))
  app.use(auditSession(audit, session)({ secret: 'of the shop', resave: false, saveUninitialized: false }))
  auditPassport(audit, passport)
  passport.serializeUser((user, done) => done(null, (user as { id: string }).id))
  passport.deserializeUser((id: string, done) => done(null, { id } as Express.User))
  const ends = { authorizationURL: `${issuer}/auth`, tokenURL: `${issuer}/token`, userInfoURL: `${issuer}/me` }
  const client = (clientID: string) => ({
    ...ends,
    clientID,
    clientSecret: 'secret-between-shop-and-provider',
    callbackURL: `${url}/${clientID}/callback`,
  })
  const known = (_issuer: string, profile: { id: string }, done: Done) => done(null, { id: profile.id })
  passport.use('oidc', new OidcStrategy({ issuer, ...client('oidc') }, known))
  passport.use('link', new OidcStrategy({ issuer, ...client('link') }, known))
  const pkce = { ...client('pkce'), scope: ['openid'], state: true, pkce: 'S256' }
  passport.use(
    'pkce',
    new OAuth2Strategy(pkce, (access: string, _refresh: string, _profile: unknown, done: Done) => {
      fetch(ends.userInfoURL, { headers: { authorization: `Bearer ${access}` } })
        .then((answer) => answer.json())
        .then(({ sub }) => done(null, { id: sub }), done)
    }),
  )
  app.use(passport.session())
  app.use((req, _res, next) => {
    if (req.query['spoil']) {
      const stored = Object.values(req.session).find((one) => (one as { state?: object } | null)?.state)
      ;(stored as unknown as { state: { code_verifier: string } }).state.code_verifier = 'v'.repeat(43)
    }
    next()
  })
  const hello = (req: Request, res: Response) => void res.send(`hello ${(req.user as unknown as { id: string }).id}`)
  for (const way of ['oidc', 'pkce']) {
    app.get(`/${way}`, passport.authenticate(way))
    app.get(`/${way}/callback`, passport.authenticate(way), hello)
  }
  app.get('/link', passport.authorize('link'))
  app.get('/link/callback', passport.authorize('link'), (req, res) => {
    const { user, account } = req as unknown as Record<'user' | 'account', { id: string }>
    res.send(`linked ${account.id} to ${user.id}`)
  })
  app.use((error: Error & { status?: number }, _req: Request, res: Response, _next: NextFunction) => {
    res.status(error.status ?? 500).send(error.message)
  })
  return app
}
