// The context of a request, for Koa 2 and 3, and what its response says: use it first.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Audit, TrailproofError } from '@trailproof/core'
import {
  type AuditCore,
  type AuditedRequest,
  checkEvery,
  clientAddress,
  coreOf,
  type EveryRequest,
  type EveryRules,
  nearest,
  openContext,
  quietly,
  type RequestContext,
  recordDenial,
  recordEvery,
  runInContext,
} from '@trailproof/core/adapter'
import { routePattern } from './route.js'

/** A context of Koa, as far as it is read here. */
export interface KoaContext {
  req: IncomingMessage
  res: ServerResponse
  ip: string
  secure: boolean
  request: object
  app: { proxy?: unknown; maxIpsCount?: unknown }
  // biome-ignore lint/suspicious/noExplicitAny: the application's own
  state: any
}

export interface AuditKoaOptions {
  /**
   * Below these paths every request leaves a record when its answer begins: `{ '/admin/**': 'admin.action' }`. The
   * outcome follows the status, as with `audited`. A request that another record tells is not told twice: a denial
   * (`authz.denied`), a failed sign-in, a route with `audited`.
   */
  every?: EveryRequest
  /**
   * Reads the client's address from the header `Forwarded` (RFC 7239) too, where `app.proxy` is on; then it counts before
   * `X-Forwarded-For`. `app.maxIpsCount` says how many proxies there are, and must be set: without it Koa itself would
   * believe whatever a client wrote. Only for proxies that set the header anew. Default false, as in Koa.
   */
  forwarded?: boolean
}

export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<unknown>

/** Names this hook in records and coverage. */
export const HOOK = 'koa'

/**
 * Opens the context of every request: address as Koa knows it (`app.proxy` decides), user agent, device, request and trace
 * id; holds the response while records are not safe; records an answer 401 or 403 that nothing else has told as
 * `authz.denied`. Using it twice records once.
 *
 * @throws TRAILPROOF_OPTION_INVALID naming the option; nothing was hooked
 */
export function auditKoa(audit: Audit, options: AuditKoaOptions = {}): KoaMiddleware {
  const core = coreOf(audit)
  const rules = checkOptions(options)
  const { forwarded = false } = options
  let attached = true
  core.hooked(HOOK, { context: true })
  core.onDetach(() => {
    attached = false
  })
  return function auditKoaContext(ctx, next) {
    const context = attached ? quietly(() => open(core, ctx, rules, forwarded)) : undefined
    return context ? runInContext(context, next) : next()
  }
}

function open(core: AuditCore, ctx: KoaContext, rules: EveryRules, forwarded: boolean): RequestContext {
  const context = openContext(core, ctx.req, ctx.res, {
    address: clientAddress(ctx.req, ctx.ip, forwarded ? trustedProxies(ctx) : undefined),
    route: () => routePattern(ctx),
    view: viewOf(ctx),
    wrapper: ctx,
  })
  recordDenial(context, HOOK)
  recordEvery(context, HOOK, rules)
  return context
}

/** Koa counts proxies and knows no addresses: the nearest so many hops are believed. */
function trustedProxies({ app }: KoaContext): (address: string, hop: number) => boolean {
  const count = app.proxy === true && typeof app.maxIpsCount === 'number' ? app.maxIpsCount : 0
  return (_address, hop) => hop < count
}

function checkOptions({ every, forwarded = false, ...rest }: AuditKoaOptions): EveryRules {
  for (const name of Object.keys(rest))
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `unknown option "${name}" of auditKoa()`, {
      hint: nearest(name, ['every', 'forwarded'], 'options'),
    })
  if (typeof forwarded !== 'boolean')
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'option "forwarded" of auditKoa() must be true or false')
  return checkEvery(every, 'auditKoa()')
}

/**
 * The raw request with what Koa and its middleware keep elsewhere; the raw one stays as it is. Not `ctx.session`: to
 * read it before its middleware has run would make a session.
 */
function viewOf(ctx: KoaContext): AuditedRequest {
  const raw = ctx.req as unknown as Record<string, unknown>
  const request = ctx.request as { body?: unknown; query?: unknown }
  return Object.create(ctx.req, {
    secure: { get: () => ctx.secure },
    body: { get: () => request.body ?? raw['body'] },
    query: { get: () => request.query },
    user: { get: () => (ctx.state as { user?: unknown } | undefined)?.user ?? raw['user'] },
  }) as AuditedRequest
}
