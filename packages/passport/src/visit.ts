// Who a request is known as, for as long as it is served: restored from its session, verified by a strategy, or put
// there by the application. `req.user` cannot tell: logIn and logOut overwrite it before they do anything.
import { type AuditCore, contextOf, type Identity } from '@trailproof/core/adapter'
import { rawRequest } from './request.js'

export interface Visit {
  /** The library's user object. */
  user: unknown
  /** Attempt whose strategy verified someone in this request. */
  attempt?: string | undefined
}

export class Visits {
  readonly #byRequest = new WeakMap<object, Visit>()

  of(req: object): Visit {
    const raw = rawRequest(req)
    const known = this.#byRequest.get(raw)
    if (known) return known
    const visit: Visit = { user: undefined }
    this.#byRequest.set(raw, visit)
    return visit
  }
}

/** What `req` and its session say, read before or after a library changes them. */
export interface Session {
  id: string | undefined
  /** What passport serialised: an id, mostly. Undefined when nobody is signed in. */
  stored: unknown
}

export function sessionOf(req: object, key: string): Session {
  const { session, sessionID } = req as {
    session?: Record<string, { user?: unknown } | undefined> & { externalKey?: unknown }
    sessionID?: unknown
  }
  // A session of koa-session goes on saying the id that it was read under; the hook of its store knows better.
  const known = contextOf(rawRequest(req))?.req.sessionID
  const id: unknown = sessionID ?? session?.id ?? known ?? session?.externalKey
  return { id: typeof id === 'string' ? id : undefined, stored: session?.[key]?.user }
}

/** Are these two known to be different accounts? False where it cannot be told. */
export function areDifferent(core: AuditCore, before: unknown[], after: unknown[]): boolean {
  for (const [i, one] of before.entries()) {
    const other = after[i]
    const [a, b] = [core.identify(one), core.identify(other)]
    if (a && b) return !sameAccount(a, b)
    if (isKey(one) && isKey(other)) return one !== other
  }
  return false
}

function sameAccount(a: Identity, b: Identity): boolean {
  return a.id === b.id && a.tenant === b.tenant
}

function isKey(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}
