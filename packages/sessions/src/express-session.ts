// express-session: its factory wrapped, so that the store it is given is watched and each request is known.
import type { ServerResponse } from 'node:http'
import type { Audit } from '@trailproof/core'
import { coreOf, noteHooked, quietly, sameShape, unsupported } from '@trailproof/core/adapter'
import { ledgerOf } from './ledger.js'
import { checkOptions, type SessionAuditOptions } from './options.js'
import { recordIgnoredCookie } from './presented.js'
import { Recorder } from './recorder.js'
import { watchStore } from './store.js'
import { holdsId, openVisit, type SessionRequest, scope, type Visit } from './visit.js'

const HOOK = 'express-session'

/** `express-session`, as far as it is used here. */
export type SessionFactory = ((options?: never) => unknown) & { MemoryStore: new () => object }

interface FactoryOptions {
  store?: object
  name?: string
  key?: string
}

type Middleware = (
  this: unknown,
  req: SessionRequest,
  res: ServerResponse,
  next: (...args: unknown[]) => unknown,
) => unknown

/**
 * Wraps express-session: `app.use(auditSession(audit, session)({ secret, … }))`.
 *
 * Records session.created, .renewed, .rotated, .ended, .replayed, .expired, .invalid and .store_failed. What the store
 * and the application see and answer stays the same; only the bytes of a response may wait, or be refused, as the
 * policy of its events asks. `audit.detach()` gives every store its own methods back.
 *
 * @param session the factory that `import session from 'express-session'` gives
 * @returns a factory of the same type, with the same properties; every store it is given is watched, once
 * @throws TRAILPROOF_OPTION_INVALID an option is unknown or wrong; nothing is hooked
 * @throws TRAILPROOF_HOOK_UNSUPPORTED this is not express-session; nothing is hooked
 */
export function auditSession<F extends SessionFactory>(audit: Audit, session: F, options?: SessionAuditOptions): F {
  const { remember } = checkOptions(options)
  // A middleware that was made already, or another library, has no stores to make.
  if (typeof session !== 'function' || typeof session.MemoryStore !== 'function')
    throw unsupported(
      'express-session',
      'this is not express-session',
      "pass what `import session from 'express-session'` gives, and call what comes back",
    )
  const core = coreOf(audit)
  const recorder = new Recorder(core, ledgerOf(core, remember), HOOK)
  const live = { on: true }
  const undo: Array<() => void> = [noteHooked(session)]
  core.onDetach(() => {
    live.on = false
    for (const restore of undo.splice(0)) restore()
  })

  function auditedSession(this: unknown, ...args: unknown[]): unknown {
    const make = session as unknown as (this: unknown, ...args: unknown[]) => Middleware
    if (!live.on) return make.apply(this, args)
    const given = (typeof args[0] === 'object' ? args[0] : undefined) as FactoryOptions | null | undefined
    // Without a store express-session makes itself one that nobody can reach: we make the very same, and its warning stays.
    const own = given?.store
    const store = own || new session.MemoryStore()
    const options = own ? given : Object.create(given ?? null, { store: { value: store, enumerable: true } })
    const middleware = make.apply(this, [options, ...args.slice(1)])
    const watched = watchStore(recorder, store) // after express-session has given the store its `generate`
    if (watched) undo.push(watched.restore)
    quietly(() => core.hooked(HOOK, coverageOf(store)))
    if (typeof middleware !== 'function') return middleware
    const name = given?.name || given?.key || 'connect.sid'
    return watchRequests(live, middleware, (visit) => {
      watched?.arm(visit)
      arrive(recorder, visit, store, name)
    })
  }
  return sameShape(auditedSession as never, session as never) as F
}

/** Opens a visit for each request that express-session is going to serve; `arrived` runs before the request goes on. */
function watchRequests(live: { on: boolean }, middleware: Middleware, arrived: (visit: Visit) => void): Middleware {
  function session(this: unknown, ...args: Parameters<Middleware>): unknown {
    const [req, res, next] = args
    // With a session there already, express-session steps aside; so do we.
    if (!live.on || !req || req.session || typeof next !== 'function') return middleware.apply(this, args)
    const visit = openVisit(req, res)
    let first = true
    const watchedNext = (...answer: unknown[]) => {
      if (first) quietly(() => arrived(visit))
      first = false
      return next(...answer)
    }
    return scope.run({ visit }, () => middleware.call(this, req, res, watchedNext))
  }
  return sameShape(session as never, middleware as never)
}

/** express-session is done with its request and hands it on. */
function arrive(recorder: Recorder, visit: Visit, store: object, name: string): void {
  const { req } = visit
  const ignored = visit.presenting && req.sessionStore === store // else it never came to look at the cookie
  visit.presenting = false
  recorder.keepSecret(visit, req.sessionID)
  holdsId(visit, req.sessionID)
  if (ignored) recordIgnoredCookie(recorder, visit, name)
}

function coverageOf(store: object): Record<string, string | boolean> {
  const watched = Object.hasOwn(store, Symbol.for('trailproof.sessions'))
  return {
    store: store.constructor?.name ?? 'unknown',
    touch: typeof (store as { touch?: unknown }).touch === 'function',
    watched,
  }
}
