// One call to the store, watched. Stores answer by callback, by promise, by both or not at all; whatever they do, the
// application gets it as before: same arguments, same `this`, same order, same error.
import { callbackIndex, inPlaceOf, quietly } from '@trailproof/core/adapter'
import { type Scope, scope } from './visit.js'

/** A method of a foreign object, called as it came. */
export type Method = (this: unknown, ...args: unknown[]) => unknown

/** Told once what the store answered, before the application is. `error` is undefined when it worked. */
export type Answered = (error: unknown, value?: unknown) => void

/**
 * Calls `method` and tells `answered` what came of it.
 *
 * @param from index at or after which a function among the arguments is the callback
 * @param inside what calls made by the method itself belong to; callbacks of the application run outside of it again
 */
export function watchCall(
  method: Method,
  self: unknown,
  args: unknown[],
  from: number,
  inside: Scope,
  answered: Answered,
): unknown {
  const outside = scope.getStore()
  let open = true
  const answer: Answered = (error, value) => {
    if (!open) return
    open = false
    quietly(() => answered(error, value))
  }
  const at = callbackIndex(args, from)
  const passed = at < 0 ? args : args.with(at, watchCallback(args[at] as Method, outside, answer))
  let result: unknown
  try {
    result = scope.run(inside, () => method.apply(self, passed))
  } catch (error) {
    answer(error ?? 'thrown')
    throw error
  }
  if (!isThenable(result)) {
    // Neither callback nor promise: done when it returns, for all that can be known.
    if (at < 0) answer(undefined, result)
    return result
  }
  // The derived promise goes to the application: one on the side would make its rejections look handled, or unhandled.
  return result.then(
    (value) => {
      // With a callback the promise may be early: only the callback says that it worked.
      if (at < 0) answer(undefined, value)
      return value
    },
    (error: unknown) => {
      answer(error ?? 'rejected')
      throw error
    },
  )
}

function watchCallback(callback: Method, outside: Scope | undefined, answer: Answered): Method {
  return inPlaceOf(callback, (self, results) => {
    answer(results[0] || undefined, results[1])
    return scope.run(outside, () => callback.apply(self, results as unknown[]))
  })
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
