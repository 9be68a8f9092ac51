// What one request to a Koa application has shown about its session. Koa keeps session and user on a context of its own,
// so the visit sees the request through a view that knows them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { openVisit, type SessionRequest, type Visit } from '../visit.js'

/** A context of Koa, as far as it is used here. */
export interface KoaContext {
  req: IncomingMessage
  res: ServerResponse
  state?: { user?: unknown }
  session?: unknown
}

export interface KoaVisit {
  readonly visit: Visit
  readonly ctx: KoaContext
  /** The id that the client presented, or that was written last. */
  id: string | undefined
  /** The store had a session for the id presented, and it has not expired. */
  found: boolean
  /** koa-session has looked at the cookie: before, to read `ctx.session` would make it look. */
  arrived: boolean
  /** The application is done: what koa-session writes now, it writes on its own account. */
  committing: boolean
}

const visits = new WeakMap<object, KoaVisit>()

export function openKoaVisit(ctx: KoaContext): KoaVisit {
  const { req, res } = ctx
  const view = Object.create(req, {
    sessionID: { get: () => opened.id },
    session: { get: () => (opened.arrived ? ctx.session : undefined) },
    user: { get: () => ctx.state?.user ?? (req as SessionRequest).user },
  }) as SessionRequest
  const visit = openVisit(view, res, req)
  const opened: KoaVisit = { visit, ctx, id: undefined, found: false, arrived: false, committing: false }
  visits.set(visit, opened)
  return opened
}

export function koaVisitOf(visit: Visit | undefined): KoaVisit | undefined {
  return visit && visits.get(visit)
}
