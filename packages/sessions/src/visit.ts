// A visit: what one request has shown about its session so far. Found by the raw request, or by async context; where
// both fail (a pool that forgets who called), by the session id that the request holds.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Rotation } from './rotation.js'

/** What express-session adds to the raw request. */
export interface SessionRequest extends IncomingMessage {
  session?: unknown
  sessionID?: unknown
  sessionStore?: unknown
  user?: unknown
}

export interface Visit {
  readonly req: SessionRequest
  /** The request of node:http; `req` may be a view of it. */
  readonly raw: object
  readonly res: ServerResponse
  /** True until the library has asked the store for the cookie's session, or has gone on without. */
  presenting: boolean
  /** Ids that the store holds, by its own word in this request. */
  readonly known: Set<string>
  /** Ids that this request wrote, and those of them that were not there before. */
  readonly written: Set<string>
  readonly born: Set<string>
  /** Writes that the store has not answered yet, by id. */
  readonly saving: Map<string, number>
  /** The id that a running `regenerate()` gives up; its destroy is part of the rotation. */
  regenerating: string | undefined
  /** A known id was given up, and whether the session goes on under the new one is not known yet. */
  rotation: Rotation | undefined
  /** Set when policy refused this visit: nothing more is stored for it. Settles when what it stored is gone again. */
  refused: Promise<void> | undefined
  /** Told when a session of a refused response is out of the store again, by id. */
  readonly erased: Map<string, () => void>
  /** Has the context been told how to undo this visit? */
  undoable: boolean
}

/** Where a call comes from: its visit, and the store operation it runs inside of, if any. */
export interface Scope {
  visit: Visit | undefined
  /** A store that calls itself (a `get` that prunes, a `touch` that writes) states one fact, not two. */
  inside?: { store: object; id: unknown } | undefined
}

interface Shared {
  scope: AsyncLocalStorage<Scope | undefined>
  byRequest: WeakMap<object, Visit>
  /** Newest visit of each id, as long as its response is open. */
  byId: Map<string, Visit>
}

const SHARED = Symbol.for('trailproof.sessions.visits')
const globals = globalThis as unknown as Record<symbol, Shared | undefined>
globals[SHARED] ??= { scope: new AsyncLocalStorage(), byRequest: new WeakMap(), byId: new Map() }
const shared = globals[SHARED]

export const scope = shared.scope

export function openVisit(req: SessionRequest, res: ServerResponse, raw: object = req): Visit {
  const visit: Visit = shared.byRequest.get(raw) ?? {
    req,
    raw,
    res,
    presenting: true,
    known: new Set(),
    written: new Set(),
    born: new Set(),
    saving: new Map(),
    regenerating: undefined,
    rotation: undefined,
    refused: undefined,
    erased: new Map(),
    undoable: false,
  }
  visit.presenting = true
  shared.byRequest.set(raw, visit)
  return visit
}

/** The visit that a call belongs to. A request, or the one that a session object carries, is a better witness than async context. */
export function visitOf(req: unknown): Visit | undefined {
  return (typeof req === 'object' && req && shared.byRequest.get(req)) || scope.getStore()?.visit
}

/** Makes a visit findable by its session id until its response is over. */
export function holdsId(visit: Visit, id: unknown): void {
  if (typeof id !== 'string' || typeof visit.res?.once !== 'function' || visit.res.closed) return
  shared.byId.set(id, visit)
  visit.res.once('close', () => shared.byId.get(id) === visit && shared.byId.delete(id))
}

/**
 * Whose destroy this is: `session.destroy()` and `unset: 'destroy'` take the session off the request first, so a visit
 * that holds the id and has lost its session is the one; anyone else (an administrator) is found by async context.
 */
export function destroyerOf(id: unknown): Visit | undefined {
  const holder = typeof id === 'string' ? shared.byId.get(id) : undefined
  const caller = scope.getStore()?.visit
  if (!holder || holder === caller) return caller
  return holder.req.session == null && caller?.req.sessionID !== id ? holder : caller
}

/** Is this call one that the store makes itself, while it works on the same session? */
export function isInside(store: object, id: unknown): boolean {
  const inside = scope.getStore()?.inside
  return inside?.store === store && inside.id === id
}
