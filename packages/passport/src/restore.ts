// The strategy `session` decides nothing: it brings back who signed in before.
import { contextOf, quietly } from '@trailproof/core/adapter'
import { type Hook, observe } from './hook.js'
import { rawRequest } from './request.js'
import type { Listener } from './strategy.js'
import { sessionOf } from './visit.js'

export function restoring(hook: Hook, req: object): Listener {
  const context = contextOf(rawRequest(req))
  const before = sessionOf(req, hook.sessionKey)
  let over = false

  const failed = () =>
    observe(hook, context, { event: 'session.failed', outcome: 'error', reason: 'restore_error', session: before.id })
  const passed = () => {
    const property = (req as { _userProperty?: unknown })._userProperty
    const user = (req as Record<string, unknown>)[typeof property === 'string' && property ? property : 'user']
    if (before.stored !== undefined && sessionOf(req, hook.sessionKey).stored === undefined)
      // The session is good, the account behind it is gone or may no longer sign in.
      observe(hook, context, { event: 'session.invalid', reason: 'restore_failed', session: before.id })
    else if (user) {
      hook.visits.of(req).user = user
      if (context) context.actor = hook.core.identify(user) ?? context.actor
    }
  }

  return {
    hear(verb, _said, go) {
      if (!over) quietly(verb === 'error' ? failed : verb === 'pass' ? passed : () => {})
      over = true
      return go()
    },
    threw() {
      if (!over) failed()
      over = true
    },
  }
}
