// What the client presented: a session the store has, one it no longer has, or a cookie that express-session threw away.

import { type Method, watchCall } from './call.js'
import { cookieValue, flawOf } from './cookie.js'
import { expiryOf } from './ledger.js'
import type { Recorder } from './recorder.js'
import { isInside, scope, type Visit } from './visit.js'

/** `store.get(id, callback)`: the one made by express-session for the cookie tells what was presented. */
export function watchGet(recorder: Recorder, store: object, get: Method): Method {
  return function (...args) {
    const id = args[0]
    const visit = scope.getStore()?.visit
    if (typeof id !== 'string' || isInside(store, id)) return get.apply(this, args)
    const presented = visit?.presenting === true && id === visit.req.sessionID
    if (presented) {
      visit.presenting = false
      recorder.keepSecret(visit, id)
    }
    const endBefore = recorder.ledger.endOf(id)
    return watchCall(get, this, args, 1, { visit, inside: { store, id } }, (error, session) => {
      if (error && (error as { code?: unknown }).code !== 'ENOENT') return void recorder.storeFailed(visit, 'get', id)
      if (!error && session) {
        visit?.known.add(id)
        // Found by a question asked before its end was known, it may be gone by now: the end stands.
        if (endBefore || !recorder.ledger.endOf(id)) recorder.ledger.sawAlive(id, expiryOf(session))
      } else if (presented) recordAbsent(recorder, visit, id)
    })
  }
}

/** What was presented is not in the store. */
export function recordAbsent(recorder: Recorder, visit: Visit, id: string): void {
  const why = recorder.ledger.whyAbsent(id)
  if (why.kind === 'replayed') void recorder.record(visit, { event: 'session.replayed', reason: why.end, session: id })
  else if (why.kind === 'expired') void recorder.record(visit, { event: 'session.expired', session: id })
  else void recorder.record(visit, { event: 'session.invalid', reason: why.kind, session: id })
}

/** express-session goes on without having asked the store: a cookie that is there is forged, or not signed at all. */
export function recordIgnoredCookie(recorder: Recorder, visit: Visit, name: string): void {
  const value = cookieValue(visit.req.headers?.cookie, name)
  if (!value) return
  recorder.keepSecret(visit, value)
  // No session: what such a cookie says is only the sender's word.
  void recorder.record(visit, { event: 'session.invalid', reason: flawOf(value) })
}
