// The contract's shop in Koa, 2 or 3: what an application does with its framework, and where the audit goes.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import type { Audit, EventName } from '@trailproof/core'
import { auditJwt } from '@trailproof/jwt'
import { audited, auditKoa, auditKoaApps } from '@trailproof/koa'
import { auditPassport } from '@trailproof/passport'
import { auditKoaSession } from '@trailproof/sessions'
import type { AppUnderTest, ContractShop, ShopAnswer, ShopCall, ShopRoute } from '@trailproof/testkit'
import jsonwebtoken from 'jsonwebtoken'
// @ts-expect-error without types of its own
import bodyParser from 'koa-bodyparser'
// @ts-expect-error without types of its own
import koaPassport from 'koa-passport'
import koaSession from 'koa-session'

// biome-ignore-start lint/suspicious/noExplicitAny: two versions of a framework, of which none brings its types
type Context = any
type Next = () => Promise<unknown>
type Middleware = (ctx: Context, next: Next) => Promise<unknown>

/** @param preloaded no line in the application: the module of Koa is hooked, as a preload does it */
export async function koaShop(
  Koa: new () => any,
  shop: ContractShop,
  audit: Audit | undefined,
  preloaded = false,
): Promise<AppUnderTest> {
  const app = new Koa()
  const passport = new koaPassport.KoaPassport()
  const store = new MemoryStore()
  const options = { key: 'sid', store, maxAge: 'session' as const, rolling: true }
  app.keys = ['of the contract']
  app.silent = true // an error that a route throws is part of the scenario
  if (audit) {
    if (preloaded) auditKoaApps(audit, Koa)
    else app.use(auditKoa(audit)).use(auditKoa(audit))
    app.use(auditKoaSession(audit, koaSession)(options, app))
    auditPassport(audit, passport)
    auditJwt(audit, jsonwebtoken)
  } else app.use(koaSession(options, app))

  let serve: RequestListener // the strategies need to know where this listens, before the application is whole
  const server = createServer((req, res) => serve(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  shop.url = url
  shop.usePassport(passport)
  app.use(answerErrors).use(bodyParser())
  app.use(passport.initialize()).use(passport.session())
  const router = new Router()
  for (const route of shop.routes) (router as any)[route.method === 'GET' ? 'get' : 'post'](route.path, ...chain(route))
  app.use(router.routes())
  serve = app.callback()
  return {
    url,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }

  function chain({ audited: named, role, authenticate, callback, handle }: ShopRoute): Middleware[] {
    const answer = async (ctx: Context, found?: unknown) => send(ctx, await handle(callOf(ctx, store), found as never))
    const target = (ctx: Context) => ({ type: named!.target, id: ctx.params.id })
    return [
      ...(named && audit ? [audited(named.event as EventName, { target: target as never }) as Middleware] : []),
      ...(role ? [guard(role)] : []),
      ...(authenticate && !callback ? [passport.authenticate(authenticate.strategy, authenticate.options)] : []),
      (ctx, next) =>
        authenticate && callback
          ? passport.authenticate(authenticate.strategy, authenticate.options, (error: unknown, user: unknown) => {
              if (error) throw error
              return answer(ctx, user)
            })(ctx, next)
          : answer(ctx),
    ]
  }
}

async function answerErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    ctx.status = (error as { status?: number }).status ?? 500
    ctx.body = { error: (error as Error).message }
  }
}

function guard(role: NonNullable<ShopRoute['role']>): Middleware {
  return async (ctx, next) => {
    const { user } = ctx.state
    if (role === 'nobody') send(ctx, { status: 403, body: { error: 'nobody' } })
    else if (!user) send(ctx, { status: 401, body: { error: 'who are you?' } })
    else if (role === 'admin' && user.type !== 'admin') send(ctx, { status: 403, body: { error: 'not for you' } })
    else await next()
  }
}

function callOf(ctx: Context, store: MemoryStore): ShopCall {
  return {
    body: ctx.request.body ?? {},
    query: ctx.query,
    params: ctx.params,
    header: (name) => ctx.get(name) || undefined,
    user: ctx.state.user,
    get session() {
      return ctx.session
    },
    sessionId: () => store.idOf(ctx),
    logIn: (user) => ctx.login(user),
    logOut: () => ctx.logout(),
    async regenerate() {
      for (const name of Object.keys(ctx.session.toJSON())) delete ctx.session[name]
      await ctx.session.regenerate()
    },
    async destroySession() {
      ctx.session = null
    },
    sessionEndsIn(ms) {
      ctx.session.maxAge = ms
    },
    endSession: (id) => store.destroy(id),
  }
}

function send(ctx: Context, { status, body = {}, headers = {} }: ShopAnswer): void {
  ctx.status = status
  for (const [name, value] of Object.entries(headers)) ctx.append(name, value)
  ctx.body = body
  if (!Array.isArray(body)) return
  ctx.respond = false
  ctx.res.writeHead(status, { 'content-type': 'text/plain' })
  for (const part of body) ctx.res.write(part)
  ctx.res.end()
}
// biome-ignore-end lint/suspicious/noExplicitAny: see above

/** What koa-session asks of a store, in memory. */
class MemoryStore {
  readonly #sessions = new Map<string, string>()
  readonly #ids = new WeakMap<object, string>()

  /** A session of koa-session goes on saying the id that it was read under. */
  idOf(ctx: object): string | undefined {
    return this.#ids.get(ctx)
  }

  async get(id: string, _maxAge: unknown, { ctx }: { ctx: object }): Promise<unknown> {
    this.#ids.set(ctx, id)
    const text = this.#sessions.get(id)
    return text === undefined ? undefined : JSON.parse(text)
  }

  async set(id: string, session: unknown, _maxAge: unknown, { ctx }: { ctx: object }): Promise<void> {
    this.#ids.set(ctx, id)
    this.#sessions.set(id, JSON.stringify(session))
  }

  async destroy(id: string): Promise<void> {
    this.#sessions.delete(id)
  }
}
