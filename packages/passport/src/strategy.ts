// The strategy level: what a strategy answers, seen where passport gives it the five verbs for one request.
//
// `authenticate` is replaced on the strategy object itself, so that whoever holds the object keeps that very object; the
// verbs are replaced on the `this` of one call, where passport has just put them.

import type { AnyFunction } from '@trailproof/core/adapter'
import { type AuditCore, contextOf, inPlaceOf, quietly } from '@trailproof/core/adapter'
import { Attempt, type Tried, type Verb } from './attempt.js'
import { broke, challenged, denied, isDecidedAgainst, mustHold, succeeded, succeedWhenSafe } from './decision.js'
import { type Hook, isObject } from './hook.js'
import { methodOf } from './method.js'
import { challengeReason, failureReason, providerDenial, providerError } from './reason.js'
import { rawRequest } from './request.js'
import { restoring } from './restore.js'
import { keepPassword, typedName } from './typed.js'

/** Hears a verb before it is passed on; `go` passes it on, once, and gives back what passport answered. */
export interface Listener {
  hear(verb: Verb, said: ArrayLike<unknown>, go: () => unknown): unknown
  /** `authenticate` threw. */
  threw(): void
}

const VERBS: readonly Verb[] = ['success', 'fail', 'redirect', 'pass', 'error']

type Verbs = Partial<Record<Verb, AnyFunction>>

/** Verbs that are ours: a strategy that lends its verbs to another one, or is shared by two passports, is heard once. */
const heard = new WeakMap<object, AuditCore>()

/** @param askedAs the name under which passport looked this strategy up just now */
export function watchAuthenticate(hook: Hook, strategy: object, askedAs: () => string) {
  return (authenticate: AnyFunction): AnyFunction => {
    const wrapper = {
      authenticate(this: Verbs, ...args: unknown[]): unknown {
        const req = args[0]
        const own = this?.success && heard.get(this.success) === hook.core
        if (!hook.attached || !isObject(req) || !isObject(this) || own) return authenticate.apply(this, args)
        const listener = quietly(() => listen(hook, strategy, askedAs(), req, args[1], this))
        if (!listener) return authenticate.apply(this, args)
        try {
          return authenticate.apply(this, args)
        } catch (error) {
          quietly(() => listener.threw())
          throw error
        }
      },
    }
    return wrapper.authenticate
  }
}

function listen(hook: Hook, strategy: object, name: string, req: object, options: unknown, verbs: Verbs): Listener {
  const restores = name === 'session' || (strategy as { name?: unknown }).name === 'session'
  const listener = restores ? restoring(hook, req) : deciding(hook, strategy, name, req, options, verbs.error)
  for (const verb of VERBS) {
    const original = verbs[verb]
    if (typeof original !== 'function') continue
    verbs[verb] = inPlaceOf(original, (self, said) =>
      listener.hear(verb, said, () => original.apply(self, said as unknown[])),
    )
  }
  if (verbs.success) heard.set(verbs.success, hook.core)
  return listener
}

/** A strategy that decides about credentials. */
function deciding(
  hook: Hook,
  strategy: object,
  name: string,
  req: object,
  options: unknown,
  error: AnyFunction | undefined,
): Listener {
  const linking = (options as { assignProperty?: unknown } | undefined)?.assignProperty === 'account'
  const attempt = hook.attempts.waiting(req) ?? new Attempt(req, contextOf(rawRequest(req)), undefined, linking)
  const method = methodOf(strategy, name)
  const claimed = quietly(() => typedName(strategy, method, req, hook.settings.usernameFields))
  const tried: Tried = { name, method, claimed }
  attempt.tried.push(tried)
  attempt.running = true
  quietly(() => keepPassword(strategy, req, attempt.context))

  let answered = false
  return {
    hear(verb, said, go) {
      answered = true
      if (isDecidedAgainst(attempt, verb)) return go()
      attempt.running = false
      if (verb === 'fail') return failing(hook, attempt, tried, said, go)
      if (verb === 'success' && error && quietly(() => mustHold(hook, attempt)))
        return succeedWhenSafe(hook, attempt, tried, said[0], { success: go, error })
      quietly(() => {
        if (verb === 'success') succeeded(hook, attempt, tried, said[0])
        else if (verb === 'redirect') challenged(hook, attempt, tried)
        else if (verb === 'error') broke(hook, attempt, tried, method === 'oauth' ? providerError(said[0]) : undefined)
        else attempt.decided = 'pass' // anonymous: nobody was signed in, nobody was turned away
      })
      return go()
    },
    threw() {
      if (answered) return // thrown by what came after its answer: passport's next step, or the application's
      attempt.running = false
      broke(hook, attempt, tried)
    },
  }
}

/** passport asks the next strategy inside this very call, or gives up. */
function failing(hook: Hook, attempt: Attempt, tried: Tried, said: ArrayLike<unknown>, go: () => unknown): unknown {
  const [challenge, status] = typeof said[0] === 'number' ? [undefined, said[0]] : [said[0], said[1]]
  tried.reason = quietly(() => reasonOf(hook, attempt, tried, challenge, status)) ?? 'rejected'
  const { atLast } = attempt
  if (atLast === true) quietly(() => denied(hook, attempt))
  if (atLast !== undefined) return hook.attempts.serve(attempt, go)

  // Middleware made before the hook does not say how many strategies it has; so look whether it asks another one.
  // The answer must not leave meanwhile, or the record would come too late to be waited for.
  const release = quietly(() => attempt.context?.gate.hold())
  const asked = attempt.tried.length
  try {
    return hook.attempts.serve(attempt, go)
  } finally {
    quietly(() => {
      if (attempt.tried.length === asked && !attempt.decided) denied(hook, attempt)
    })
    quietly(() => release?.())
  }
}

function reasonOf(hook: Hook, { req }: Attempt, { method }: Tried, challenge: unknown, status: unknown): string {
  const reason = failureReason(challenge, status, hook.settings.reasons)
  if (reason !== 'rejected') return reason
  const { query, headers } = req as { query?: unknown; headers?: unknown }
  const known = method === 'oauth' ? providerDenial(challenge, status, query) : challengeReason(challenge, headers)
  return known ?? reason
}
