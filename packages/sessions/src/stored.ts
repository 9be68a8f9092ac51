// What the store was told: a session written, kept alive, or destroyed.
import { type Method, watchCall } from './call.js'
import { expiryOf } from './ledger.js'
import { type Recorder, userOf, type Verdict } from './recorder.js'
import type { Refusal } from './refusal.js'
import { abandonRotation, firstWriteOf, settleRotation } from './rotation.js'
import { destroyerOf, isInside, type Visit, visitOf } from './visit.js'

/** `store.set(id, session, callback)`: the first write of an id is a creation, or the second half of a rotation. */
export function watchSet(recorder: Recorder, store: object, set: Method, refusal: Refusal): Method {
  return function (...args) {
    const id = args[0]
    const visit = visitOf((args[1] as { req?: unknown } | null | undefined)?.req)
    if (typeof id !== 'string' || isInside(store, id)) return set.apply(this, args)
    const inside = { visit, inside: { store, id } }
    if (!visit) return watchCall(set, this, args, 2, inside, (error) => void wrote(recorder, visit, id, args[1], error))

    // A bare object under an id that this process saw alive: someone updates a session that is not the request's own.
    if (!(args[1] as { req?: unknown } | null)?.req && recorder.ledger.isAlive(id)) visit.known.add(id)
    const isNew = !visit.known.has(id)
    recorder.keepSecret(visit, id)
    refusal.arm(visit)
    if (refusal.forbids(visit, id)) return refusal.refuseSet(visit, args)
    const release = isNew ? recorder.hold(visit, firstWriteOf(visit, id)) : (): void => {}
    visit.written.add(id)
    if (isNew) visit.born.add(id)
    visit.saving.set(id, (visit.saving.get(id) ?? 0) + 1)
    return watchCall(set, this, args, 2, inside, (error) => {
      answeredSave(visit, id)
      if (error) release()
      const verdict = wrote(recorder, visit, id, args[1], error)
      void verdict?.then((v) => {
        if (v === 'refuse') void refusal.undo(visit)
      })
      refusal.saved(visit, id)
      release(verdict)
    })
  }
}

export function answeredSave(visit: Visit, id: string): void {
  const left = (visit.saving.get(id) ?? 1) - 1
  if (left > 0) visit.saving.set(id, left)
  else visit.saving.delete(id)
}

/** @returns the verdict on what was recorded, if anything was */
function wrote(
  recorder: Recorder,
  visit: Visit | undefined,
  id: string,
  session: unknown,
  error: unknown,
): Promise<Verdict> | undefined {
  if (error) {
    // The response goes first. Told of the error after its headers, express cuts the connection a moment later, and
    // what is still held by then never arrives.
    const rotation = visit && abandonRotation(visit, id)
    void recorder.storeFailed(visit, 'set', id)
    return visit && rotation?.responseOver && !visit.saving.has(id) ? settleRotation(recorder, visit, false) : undefined
  }
  // A request that still held a session when another one ended it, and writes it back: the session lives again.
  const revived = recorder.ledger.endOf(id) !== undefined
  const isNew = visit !== undefined && !visit.known.has(id)
  visit?.known.add(id)
  recorder.ledger.sawAlive(id, expiryOf(session))
  if (revived) visit?.born.add(id)
  if (revived) return recorder.record(visit, { event: 'session.created', reason: 'revived', session: id })
  if (visit && visit.rotation?.to === id) return settleRotation(recorder, visit, true)
  return isNew ? recorder.record(visit, { event: 'session.created', session: id }) : undefined
}

/** `store.touch(id, session, callback)`: a session was used, and its life extended. */
export function watchTouch(recorder: Recorder, store: object, touch: Method): Method {
  return function (...args) {
    const id = args[0]
    const visit = visitOf((args[1] as { req?: unknown } | undefined)?.req)
    if (typeof id !== 'string' || isInside(store, id)) return touch.apply(this, args)
    const release = recorder.hold(visit, 'session.renewed')
    return watchCall(touch, this, args, 2, { visit, inside: { store, id } }, (error) => {
      if (error) {
        release()
        return void recorder.storeFailed(visit, 'touch', id)
      }
      // Stores touch what is not there without complaint; what has ended is not renewed by that.
      if (recorder.ledger.endOf(id)) return release()
      recorder.ledger.sawAlive(id, expiryOf(args[1]))
      release(recorder.record(visit, { event: 'session.renewed', session: id }))
    })
  }
}

/** `store.destroy(id, callback)`: by `session.destroy()`, by `unset: 'destroy'`, or by someone who ends another's session. */
export function watchDestroy(recorder: Recorder, store: object, destroy: Method): Method {
  return function (...args) {
    const id = args[0]
    if (typeof id !== 'string' || isInside(store, id)) return destroy.apply(this, args)
    const visit = destroyerOf(id)
    const rotating = visit?.regenerating === id
    const user = userOf(visit) ?? null
    const release = rotating ? (): void => {} : recorder.hold(visit, 'session.ended')
    recorder.keepSecret(visit, id)
    return watchCall(destroy, this, args, 1, { visit, inside: { store, id } }, (error) => {
      if (!error) return release(rotating ? undefined : ended(recorder, visit, id, user))
      release()
      void recorder.storeFailed(visit, 'destroy', id)
    })
  }
}

/** The store has destroyed a session. */
export function ended(
  recorder: Recorder,
  visit: Visit | undefined,
  id: string,
  user: unknown,
): Promise<Verdict> | undefined {
  const own = visit !== undefined && id === visit.req.sessionID
  // A visitor's own session that was never stored: nothing has ended.
  if (own && !visit.known.has(id)) return undefined
  visit?.known.delete(id)
  if (recorder.ledger.endOf(id)) return undefined
  recorder.ledger.sawEnd(id, 'ended')
  return recorder.record(
    visit,
    { event: 'session.ended', reason: own && recorder.signedOut(visit) ? 'logout' : 'destroyed', session: id },
    user,
  )
}
