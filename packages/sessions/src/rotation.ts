// Rotation: `regenerate()` gives an id up at once, but only the first write of the new id shows that the session goes on.
// Until then the response is held, so that the record, whichever it becomes, still comes before the answer.
import { type Method, watchCall } from './call.js'
import { type Recorder, type Release, userOf, type Verdict } from './recorder.js'
import { holdsId, type SessionRequest, type Visit, visitOf } from './visit.js'

export interface Rotation {
  /** The id given up, and the newest id that took its place, once there is one. */
  readonly from: string
  to: unknown
  /** Who was signed in when the id was given up; null when no user object was at hand. */
  readonly user: unknown
  readonly release: Release
  /** The response is over, and only a write under way can still tell that the session goes on. */
  responseOver: boolean
  /** The store failed to write the new id. */
  failed: boolean
}

/** `store.regenerate(req, callback)`: destroys the request's session and gives the request a new, unsaved one. */
export function watchRegenerate(recorder: Recorder, regenerate: Method): Method {
  return function (...args) {
    const req = args[0] as SessionRequest | undefined
    const visit = visitOf(req)
    const from = req?.sessionID
    if (!visit || typeof from !== 'string') return regenerate.apply(this, args)
    const user = userOf(visit) ?? null
    const stored = () => visit.known.has(from)
    // A slow application is no reason to refuse it: this hold may end before the new id is written, which opens its own.
    const mayRotate = stored() || visit.saving.has(from)
    const release = mayRotate ? recorder.hold(visit, 'session.rotated', 'go') : (): void => {}
    visit.regenerating = from
    return watchCall(regenerate, this, args, 1, { visit }, (error) => {
      visit.regenerating = undefined
      recorder.keepSecret(visit, req?.sessionID)
      holdsId(visit, req?.sessionID)
      // The old session may still be there: what is written next is a session of its own.
      if (error) return release()
      if (stored())
        beginRotation(recorder, visit, { from, to: req?.sessionID, user, release, responseOver: false, failed: false })
      else {
        if (visit.rotation?.to === from) visit.rotation.to = req?.sessionID
        release()
      }
    })
  }
}

/** A session that the store held has given its id up. */
export function beginRotation(recorder: Recorder, visit: Visit, rotation: Rotation): void {
  visit.known.delete(rotation.from)
  visit.rotation = rotation
  recorder.ledger.sawEnd(rotation.from, 'rotated')
  if (typeof visit.res?.once !== 'function') return
  const over = () => {
    if (visit.rotation !== rotation) return
    rotation.responseOver = true
    if (!visit.saving.has(rotation.to as string)) void settleRotation(recorder, visit, false)
  }
  // The last bytes are written, and held by us. Not where the store failed: see `wrote`.
  visit.res.once('prefinish', () => rotation.failed || over())
  visit.res.once('close', over)
}

/** The store failed to write an id: nobody waits for what becomes of the old one. A later write may still succeed. */
export function abandonRotation(visit: Visit, id: string): Rotation | undefined {
  const { rotation } = visit
  if (!rotation || rotation.to !== id) return undefined
  rotation.failed = true
  rotation.release()
  return rotation
}

/** What the first write of an id is going to be. */
export function firstWriteOf(visit: Visit, id: string): 'session.created' | 'session.rotated' {
  return visit.rotation?.to === id ? 'session.rotated' : 'session.created'
}

/**
 * Records what became of an id that was given up.
 *
 * @param saved the store holds the new id: the session goes on, unless the request signed its user out. Then the old
 * session has ended, and the new one, which passport's `req.logout()` leaves behind, is nobody's
 */
export function settleRotation(recorder: Recorder, visit: Visit, saved: boolean): Promise<Verdict> {
  const rotation = visit.rotation
  if (!rotation) return Promise.resolve('go')
  visit.rotation = undefined
  const { from, to } = rotation as { from: string; to: string }
  const signedOut = recorder.signedOut(visit)
  let verdict: Promise<Verdict>
  if (saved && !signedOut)
    verdict = recorder.record(visit, { event: 'session.rotated', session: to, sessionFrom: from })
  else {
    recorder.ledger.sawEnd(from, 'ended')
    verdict = recorder.record(
      visit,
      { event: 'session.ended', reason: signedOut ? 'logout' : 'regenerated', session: from },
      rotation.user,
    )
    if (saved) verdict = bothOf(verdict, recorder.record(visit, { event: 'session.created', session: to }))
  }
  rotation.release(verdict)
  return verdict
}

async function bothOf(one: Promise<Verdict>, other: Promise<Verdict>): Promise<Verdict> {
  return (await one) === 'refuse' ? 'refuse' : other
}
