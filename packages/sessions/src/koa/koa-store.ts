// Hooks a store of koa-session: `get(id, maxAge, { ctx })`, `set(id, session, maxAge, { changed, ctx })`, `destroy(id, { ctx })`,
// each answered by a promise. Its own instance is changed, and can be given back; its class is not touched.
import { markOnce, quietly, unmark } from '@trailproof/core/adapter'
import { type Method, watchCall } from '../call.js'
import { recordAbsent } from '../presented.js'
import { type Recorder, userOf, type Verdict } from '../recorder.js'
import { Refusal } from '../refusal.js'
import { abandonRotation, beginRotation, firstWriteOf } from '../rotation.js'
import { replaceMethod } from '../store.js'
import { answeredSave, ended } from '../stored.js'
import { destroyerOf, holdsId, isInside, type Visit, visitOf } from '../visit.js'
import { type KoaContext, type KoaVisit, koaVisitOf } from './koa-visit.js'

const MARK = 'sessions'
const NO_CALLBACK = Number.POSITIVE_INFINITY

/** @returns gives the store its methods back; undefined when it is watched already, or cannot be changed */
export function watchKoaStore(recorder: Recorder, store: object): (() => void) | undefined {
  if (!quietly(() => markOnce(store, MARK))) return undefined
  const refusal = new Refusal(recorder, store, (store as { destroy?: unknown }).destroy as Method)
  const live = { on: true }
  const undo = [
    replaceMethod(store, 'get', live, (get) => watchGet(recorder, store, get)),
    replaceMethod(store, 'set', live, (set) => watchSet(recorder, store, set, refusal)),
    replaceMethod(store, 'destroy', live, (destroy) => watchDestroy(recorder, store, destroy)),
  ]
  return () => {
    live.on = false
    for (const restore of undo) quietly(restore)
    quietly(() => unmark(store, MARK))
  }
}

interface More {
  ctx?: KoaContext
  changed?: boolean
}

function visitOfCall(more: unknown): Visit | undefined {
  return visitOf((more as More | undefined)?.ctx?.req)
}

/** The first question of a request is about what the client presented. */
function watchGet(recorder: Recorder, store: object, get: Method): Method {
  return function (...args) {
    const id = args[0]
    const visit = visitOfCall(args[2])
    if (typeof id !== 'string' || isInside(store, id)) return get.apply(this, args)
    const opened = koaVisitOf(visit)
    const presented = visit?.presenting === true
    if (presented) {
      visit.presenting = false
      if (opened) showId(recorder, opened, id)
    }
    recorder.keepSecret(visit, id)
    const endBefore = recorder.ledger.endOf(id)
    return watchCall(get, this, args, NO_CALLBACK, { visit, inside: { store, id } }, (error, session) => {
      if (error) return void recorder.storeFailed(visit, 'get', id)
      const expires = expiryOf(session)
      const expired = expires !== undefined && expires < Date.now()
      if (session && !expired) {
        if (presented && opened) opened.found = true
        visit?.known.add(id)
        if (endBefore || !recorder.ledger.endOf(id)) recorder.ledger.sawAlive(id, expires)
      } else if (presented && expired) void recorder.record(visit, { event: 'session.expired', session: id })
      else if (presented) recordAbsent(recorder, visit, id)
    })
  }
}

/** The first write of something under an id is a creation, or the second half of a rotation. */
function watchSet(recorder: Recorder, store: object, set: Method, refusal: Refusal): Method {
  return function (...args) {
    const [id, session] = args
    const visit = visitOfCall(args[3])
    if (typeof id !== 'string' || !visit || isInside(store, id)) return set.apply(this, args)
    const opened = koaVisitOf(visit)
    const isNew = !visit.known.has(id)
    // koa-session writes an untouched session only to extend its life; the application, whenever it likes.
    const renews = !isNew && opened?.committing && !visit.written.has(id) && (args[3] as More).changed === false
    if (opened && opened.id !== id) {
      showId(recorder, opened, id)
      holdsId(visit, id)
    }
    recorder.keepSecret(visit, id)
    refusal.arm(visit)
    if (isNew && visit.rotation && visit.rotation.to === undefined) visit.rotation.to = id
    if (refusal.forbids(visit, id)) return refusal.refuseSet(visit, args)
    const release = isNew ? recorder.hold(visit, firstWriteOf(visit, id)) : (): void => {}
    visit.written.add(id)
    if (isNew) visit.born.add(id)
    visit.saving.set(id, (visit.saving.get(id) ?? 0) + 1)
    return watchCall(set, this, args, NO_CALLBACK, { visit, inside: { store, id } }, (error) => {
      answeredSave(visit, id)
      if (error) {
        release()
        abandonRotation(visit, id)
        void recorder.storeFailed(visit, 'set', id)
      } else {
        const verdict = wrote(recorder, visit, id, session, renews === true)
        void verdict?.then((v) => {
          if (v === 'refuse') void refusal.undo(visit)
        })
        release(verdict)
      }
      refusal.saved(visit, id)
    })
  }
}

function wrote(
  recorder: Recorder,
  visit: Visit,
  id: string,
  session: unknown,
  renews: boolean,
): Promise<Verdict> | undefined {
  const revived = recorder.ledger.endOf(id) !== undefined
  const isNew = !visit.known.has(id)
  visit.known.add(id)
  recorder.ledger.sawAlive(id, expiryOf(session))
  if (revived) {
    visit.born.add(id)
    return recorder.record(visit, { event: 'session.created', reason: 'revived', session: id })
  }
  // What the rotation was for, a sign-out perhaps, is told by then: see `settleRotations`.
  if (visit.rotation?.to === id) return undefined
  if (isNew) return recorder.record(visit, { event: 'session.created', session: id })
  return renews ? recorder.record(visit, { event: 'session.renewed', session: id }) : undefined
}

/** By `ctx.session = null`, by `regenerate()`, or by someone who ends another's session. */
function watchDestroy(recorder: Recorder, store: object, destroy: Method): Method {
  return function (...args) {
    const id = args[0]
    if (typeof id !== 'string' || isInside(store, id)) return destroy.apply(this, args)
    const ctx = (args[1] as More | undefined)?.ctx
    const visit = ctx ? visitOfCall(args[1]) : destroyerOf(id)
    const user = userOf(visit) ?? null
    // koa-session itself destroys what the application has set to null, and what it is about to give another id.
    const rotating = ctx !== undefined && visit !== undefined && visit.req.session != null
    const stored = visit?.known.has(id) === true
    const release = rotating && stored ? recorder.hold(visit, 'session.rotated', 'go') : (): void => {}
    recorder.keepSecret(visit, id)
    return watchCall(destroy, this, args, NO_CALLBACK, { visit, inside: { store, id } }, (error) => {
      if (error) {
        release()
        return void recorder.storeFailed(visit, 'destroy', id)
      }
      if (!rotating) return void ended(recorder, visit, id, user)
      if (stored)
        beginRotation(recorder, visit, { from: id, to: undefined, user, release, responseOver: false, failed: false })
      else if (visit.rotation?.to === id) visit.rotation.to = undefined
    })
  }
}

/** When a stored session ends, milliseconds since 1970. */
function expiryOf(session: unknown): number | undefined {
  const expires = (session as { _expire?: unknown } | null | undefined)?._expire
  return typeof expires === 'number' ? expires : undefined
}

/** Passport's hook, too, has to know the id that holds now: the session object goes on saying the one it was read under. */
function showId(recorder: Recorder, opened: KoaVisit, id: string): void {
  opened.id = id
  const { req } = recorder.contextOf(opened.visit) ?? {}
  if (req && req !== opened.ctx.req) quietly(() => Object.assign(req, { sessionID: id })) // a view of ours, never the request itself
}
