// An answer 401 or 403 is a fact: the application denied access. It is recorded once, unless its reason is already told.
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from './context.js'

/** Records that explain a 401 or 403 by themselves. */
const TOLD = [
  'authz.denied',
  'login.failed',
  'login.refused',
  'login.challenged',
  'token.rejected',
  'token.reuse_detected',
]

const watched = new WeakSet<RequestContext>()
const audited = new WeakSet<RequestContext>()

/** The response of this request has a record of its own: its denial is not told a second time. */
export function hasOwnRecord(context: RequestContext): void {
  audited.add(context)
}

/** Will the response of this request be told by a record that its route makes? */
export function isAudited(context: RequestContext): boolean {
  return audited.has(context)
}

/** Some record of this request says already why access was denied, or will. */
export function denialIsTold(context: RequestContext): boolean {
  return isAudited(context) || TOLD.some((event) => context.events.has(event))
}

/** Records `authz.denied` when this request is answered with 401 or 403, and nothing else tells why; once per request. */
export function recordDenial(context: RequestContext, hook: string): void {
  if (watched.has(context)) return
  watched.add(context)
  context.gate.onBegin(() =>
    quietly(() => {
      const { status } = context.gate
      // A client that left before the answer was denied nothing.
      if (!context.res.headersSent) return
      if ((status !== 401 && status !== 403) || denialIsTold(context)) return
      const reason = status === 401 ? 'unauthenticated' : 'forbidden'
      void context.core.observe({ event: 'authz.denied', hook, reason, status, context })
    }),
  )
}
