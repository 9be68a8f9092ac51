// The contract's shop in Express, 4 or 5: what an application does with its framework, and where the audit goes.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Audit, EventName } from '@trailproof/core'
import { auditExpress, auditExpressApps, audited } from '@trailproof/express'
import { auditJwt } from '@trailproof/jwt'
import { auditPassport } from '@trailproof/passport'
import { auditSession } from '@trailproof/sessions'
import type { AppUnderTest, ContractShop, ShopAnswer, ShopCall, ShopLibraries, ShopRoute } from '@trailproof/testkit'
import type express from 'express'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import passportModule, { type PassportStatic } from 'passport'
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt'
import { Strategy as LocalStrategy } from 'passport-local'
// @ts-expect-error without types of its own
import OAuth2Strategy from 'passport-oauth2'

export const libraries: ShopLibraries = { jsonwebtoken, LocalStrategy, JwtStrategy, ExtractJwt, OAuth2Strategy }

export interface ExpressShopOptions {
  express: typeof express
  passport?: { Passport: new () => PassportStatic }
  /** No line in the application: the module of Express is hooked, as a preload does it. */
  preloaded?: boolean
}

export async function expressShop(
  { express, passport: { Passport } = passportModule as never, preloaded = false }: ExpressShopOptions,
  shop: ContractShop,
  audit: Audit | undefined,
): Promise<AppUnderTest> {
  if (audit && preloaded) auditExpressApps(audit, express)
  const app = express()
  const passport = new Passport()
  const store = new session.MemoryStore()
  const options = { name: 'sid', secret: 'of the contract', resave: false, saveUninitialized: false, store }
  if (audit) {
    if (!preloaded) app.use(auditExpress(audit), auditExpress(audit))
    app.use(auditSession(audit, session)(options))
    auditPassport(audit, passport)
    auditJwt(audit, jsonwebtoken)
  } else app.use(session(options))

  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  shop.url = url
  shop.usePassport(passport)
  app.use(express.json(), passport.session())
  for (const route of shop.routes) app[route.method === 'GET' ? 'get' : 'post'](route.path, ...chain(route))
  app.use((error: Error & { status?: number }, _req: Request, res: Response, _next: NextFunction) => {
    res.status(error.status ?? 500).json({ error: error.message })
  })
  return {
    url,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }

  function chain({ audited: named, role, authenticate, callback, handle }: ShopRoute): RequestHandler[] {
    const answer = (req: Request, res: Response, next: NextFunction, found?: Express.User | false) =>
      handle(callOf(req, store), found as never).then((said) => send(res, said), next)
    const target = (req: { params: Record<string, string> }) => ({ type: named!.target, id: req.params['id']! })
    return [
      ...(named && audit ? [audited(named.event as EventName, { target: target as never }) as RequestHandler] : []),
      ...(role ? [guard(role)] : []),
      ...(authenticate && !callback ? [passport.authenticate(authenticate.strategy, authenticate.options)] : []),
      (req, res, next) =>
        authenticate && callback
          ? passport.authenticate(
              authenticate.strategy,
              authenticate.options,
              (error: unknown, user?: Express.User | false) => (error ? next(error) : answer(req, res, next, user)),
            )(req, res, next)
          : answer(req, res, next),
    ]
  }
}

function guard(role: NonNullable<ShopRoute['role']>): RequestHandler {
  return (req, res, next) => {
    const user = req.user as { type: string } | undefined
    if (role === 'nobody') res.status(403).json({ error: 'nobody' })
    else if (!user) res.status(401).json({ error: 'who are you?' })
    else if (role === 'admin' && user.type !== 'admin') res.status(403).json({ error: 'not for you' })
    else next()
  }
}

export function callOf(req: Request, store: session.MemoryStore): ShopCall {
  const done = (work: (callback: (error?: unknown) => void) => void) =>
    new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
  return {
    body: (req.body as Record<string, unknown> | undefined) ?? {},
    query: req.query,
    params: req.params as Record<string, string>,
    header: (name) => req.get(name),
    user: req.user as never,
    get session() {
      return req.session as unknown as Record<string, unknown>
    },
    sessionId: () => req.sessionID,
    logIn: (user) => done((callback) => req.logIn(user, callback)),
    logOut: () => done((callback) => req.logout(callback)),
    regenerate: () => done((callback) => req.session.regenerate(callback)),
    destroySession: () => done((callback) => req.session.destroy(callback)),
    sessionEndsIn(ms) {
      req.session.cookie.maxAge = ms
    },
    endSession: (id) => done((callback) => store.destroy(id, callback)),
  }
}

function send(res: Response, { status, body = {}, headers = {} }: ShopAnswer): void {
  res.status(status).set(headers)
  if (!Array.isArray(body)) return void res.json(body)
  res.type('text')
  for (const part of body as string[]) res.write(part)
  res.end()
}
