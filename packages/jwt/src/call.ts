// One call of the library, answered by return, by throw or by callback; the answer is looked at once and passed on as it is.

import type { AnyFunction } from '@trailproof/core/adapter'
import { quietly, sameShape } from '@trailproof/core/adapter'

export interface Listener {
  answered(value: unknown): void
  failed(error: unknown): void
}

/**
 * Calls `original`. The listener hears the first answer, before the application does; errors of the listener are lost.
 *
 * @param at index of the callback in `args`, or -1 for a call that returns or throws
 */
export function callWatched(
  original: AnyFunction,
  self: unknown,
  args: unknown[],
  at: number,
  listener: Listener,
): unknown {
  let heard = false
  const hear = (how: 'answered' | 'failed', what: unknown) => {
    if (heard) return
    heard = true
    quietly(() => listener[how](what))
  }
  const given = [...args]
  if (at >= 0) {
    const callback = args[at] as AnyFunction
    const wrapper = {
      callback(this: unknown, ...answer: unknown[]) {
        if (answer[0]) hear('failed', answer[0])
        else hear('answered', answer[1])
        return callback.apply(this, answer)
      },
    }
    given[at] = sameShape(wrapper.callback, callback)
  }
  let value: unknown
  try {
    value = original.apply(self, given)
  } catch (error) {
    hear('failed', error) // unless the callback was called: then it is the application that throws
    throw error
  }
  if (at < 0) hear('answered', value)
  return value
}
