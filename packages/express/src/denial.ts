// An answer 401 or 403 is a fact: the application denied access. It is recorded once, unless its reason is already told.
import { quietly, type RequestContext } from '@trailproof/core/adapter'

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

/** The response of this request has a record of its own, made by `audited`. */
export function recordsItself(context: RequestContext): void {
  audited.add(context)
}

export function hasOwnRecord(context: RequestContext): boolean {
  return audited.has(context)
}

export function recordDenial(context: RequestContext): void {
  if (watched.has(context)) return
  watched.add(context)
  context.gate.onBegin(() =>
    quietly(() => {
      const { status } = context.gate
      // A client that left before the answer was denied nothing.
      if (!context.res.headersSent) return
      if (
        (status !== 401 && status !== 403) ||
        hasOwnRecord(context) ||
        TOLD.some((event) => context.events.has(event))
      )
        return
      const reason = status === 401 ? 'unauthenticated' : 'forbidden'
      void context.core.observe({ event: 'authz.denied', hook: 'express', reason, status, context })
    }),
  )
}
