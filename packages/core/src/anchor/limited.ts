// Time limits around calls to anchors, which may hang, and may not heed that they were told to stop.
import { TrailproofError } from '../errors.js'
import type { Timers } from '../log/timers.js'

/**
 * Calls, and gives up after `limitMs`. The call is told by its signal; whether it listens does not matter here.
 *
 * @param onOpen - told about a call that has not returned when the time is over
 * @throws TRAILPROOF_ANCHOR_FAILED no answer in time; else what the call throws
 */
export async function limited<T>(
  call: (signal: AbortSignal) => Promise<T>,
  limitMs: number,
  timers: Timers,
  onOpen: (call: Promise<unknown>) => void = () => {},
): Promise<T> {
  const stop = new AbortController()
  const given = Promise.resolve().then(() => call(stop.signal))
  return await new Promise<T>((resolve, reject) => {
    const timer = timers.after(limitMs, () => {
      const error = new TrailproofError('TRAILPROOF_ANCHOR_FAILED', `the anchor did not answer within ${limitMs} ms`)
      stop.abort(error)
      onOpen(given)
      reject(error)
    })
    given.then(resolve, reject).finally(() => timer.cancel())
  })
}
