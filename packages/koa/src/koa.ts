// The context of a request, for Koa 2 and 3, and what its response says: use it first.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Audit } from '@trailproof/core'
import {
  type AuditCore,
  type AuditedRequest,
  clientAddress,
  coreOf,
  openContext,
  quietly,
  type RequestContext,
  recordDenial,
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
  // biome-ignore lint/suspicious/noExplicitAny: the application's own
  state: any
}

export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<unknown>

/** Names this hook in records and coverage. */
export const HOOK = 'koa'

/**
 * Opens the context of every request: address as Koa knows it (`app.proxy` decides), user agent, device, request and trace
 * id; holds the response while records are not safe; records an answer 401 or 403 that nothing else has told as
 * `authz.denied`. Using it twice records once.
 */
export function auditKoa(audit: Audit): KoaMiddleware {
  const core = coreOf(audit)
  let attached = true
  core.hooked(HOOK, { context: true })
  core.onDetach(() => {
    attached = false
  })
  return function auditKoaContext(ctx, next) {
    const context = attached ? quietly(() => open(core, ctx)) : undefined
    return context ? runInContext(context, next) : next()
  }
}

function open(core: AuditCore, ctx: KoaContext): RequestContext {
  const context = openContext(core, ctx.req, ctx.res, {
    address: clientAddress(ctx.req, ctx.ip),
    route: () => routePattern(ctx),
    view: viewOf(ctx),
    wrapper: ctx,
  })
  recordDenial(context, HOOK)
  return context
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
