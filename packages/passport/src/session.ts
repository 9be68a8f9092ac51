// The session level: passport's session manager, below req.logIn and req.logOut, however they are called.
// After a strategy's success `logIn` only carries out what is recorded already; without one, the application itself
// decided who this is.

import type { AnyFunction } from '@trailproof/core/adapter'
import { callbackIndex, contextOf, inPlaceOf, quietly, type RequestContext } from '@trailproof/core/adapter'
import { newAttemptId } from './attempt.js'
import { type Hook, isObject, observe } from './hook.js'
import { rawRequest } from './request.js'
import { typedName } from './typed.js'
import { areDifferent, type Session, sessionOf, type Visit } from './visit.js'

/** How things stood when the call came in. */
interface Before {
  req: object
  context: RequestContext | undefined
  visit: Visit
  user: unknown
  session: Session
}

/** (req, user, [options], callback) */
export function watchLogIn(hook: Hook) {
  return (logIn: AnyFunction): AnyFunction => {
    const wrapper = {
      logIn(this: unknown, ...args: unknown[]): unknown {
        const before = hook.attached ? quietly(() => lookAt(hook, args[0])) : undefined
        if (!before) return logIn.apply(this, args)
        return whenAnswered(logIn, this, args, 2, (error) =>
          error ? notSignedIn(hook, before, args[1]) : signedIn(hook, before, args[1]),
        )
      },
    }
    return wrapper.logIn
  }
}

/** (req, [options], callback) */
export function watchLogOut(hook: Hook) {
  return (logOut: AnyFunction): AnyFunction => {
    const wrapper = {
      logOut(this: unknown, ...args: unknown[]): unknown {
        const before = hook.attached ? quietly(() => lookAt(hook, args[0])) : undefined
        // Nobody was signed in: passport renews the session all the same, and nobody has left.
        if (!before || (before.user === undefined && before.session.stored === undefined))
          return logOut.apply(this, args)
        return whenAnswered(logOut, this, args, 1, (error) => signedOut(hook, before, Boolean(error)))
      },
    }
    return wrapper.logOut
  }
}

function lookAt(hook: Hook, req: unknown): Before | undefined {
  if (!isObject(req)) return undefined
  const visit = hook.visits.of(req)
  return { req, context: contextOf(rawRequest(req)), visit, user: visit.user, session: sessionOf(req, hook.sessionKey) }
}

function signedIn(hook: Hook, { req, context, visit, user: before, session: old }: Before, user: unknown): void {
  const now = sessionOf(req, hook.sessionKey)
  const auth = { method: 'application', attempt: newAttemptId() }
  if (before === undefined && old.stored === undefined) {
    const claimed = typedName(undefined, 'application', req, hook.settings.usernameFields)
    observe(hook, context, { event: 'login.succeeded', actor: user, claimed, auth, session: now.id })
  } else if (areDifferent(hook.core, [before, old.stored], [user, now.stored])) {
    // Impersonation, or a change of account: the one who was signed in put another one in their place.
    observe(hook, context, { event: 'login.switched', actor: before, target: { account: user }, auth, session: now.id })
  }
  visit.user = user
  if (context) context.actor = hook.core.identify(user) ?? context.actor
}

function notSignedIn(hook: Hook, { context, visit, session }: Before, user: unknown): void {
  const auth =
    visit.attempt === undefined ? { method: 'application', attempt: newAttemptId() } : { attempt: visit.attempt }
  observe(hook, context, {
    event: 'session.failed',
    outcome: 'error',
    reason: 'error',
    actor: user,
    auth,
    session: session.id,
  })
}

function signedOut(hook: Hook, { context, visit, user, session }: Before, failed: boolean): void {
  const fact = { actor: user, session: session.id }
  if (failed) observe(hook, context, { event: 'logout.failed', outcome: 'error', reason: 'error', ...fact })
  else observe(hook, context, { event: 'logout.succeeded', ...fact })
  visit.user = undefined
}

/** Calls `original`, and hears the first answer before the application does: the callback's, or a throw. */
function whenAnswered(
  original: AnyFunction,
  self: unknown,
  args: unknown[],
  from: number,
  hear: (error: unknown) => void,
): unknown {
  let answered = false
  const once = (error: unknown) => {
    if (answered) return
    answered = true
    quietly(() => hear(error))
  }
  const at = callbackIndex(args, from)
  const given = [...args]
  if (at >= 0) {
    const callback = args[at] as AnyFunction
    given[at] = inPlaceOf(callback, (outer, answer) => {
      once(answer[0])
      return callback.apply(outer, answer as unknown[])
    })
  }
  try {
    return original.apply(self, given)
  } catch (error) {
    once(error ?? true) // unless the callback was called: then it is the application that throws
    throw error
  }
}
