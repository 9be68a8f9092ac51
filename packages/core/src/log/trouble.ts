// One thing that may fail for a while, such as appending: what went wrong, and when to try again.
import type { TrailproofError } from '../errors.js'
import type { Timers } from './timers.js'

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 2000

export class Trouble {
  readonly #timers: Timers
  readonly #retry: () => void
  #timer: { cancel(): void } | undefined
  #error: TrailproofError | undefined
  #attempts = 0

  /** @param retry - called when the wait is over */
  constructor(timers: Timers, retry: () => void) {
    this.#timers = timers
    this.#retry = retry
  }

  /** What went wrong last, until it works again. */
  get error(): TrailproofError | undefined {
    return this.#error
  }

  /** Failures in a row. */
  get attempts(): number {
    return this.#attempts
  }

  /** True while waiting for the next attempt. */
  get waiting(): boolean {
    return this.#timer !== undefined
  }

  /** Waits 50 ms after the first failure, then twice as long each time, at most 2 s. */
  failed(error: TrailproofError, hold: boolean): void {
    this.#error = error
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts++)
    this.#timer?.cancel()
    this.#timer = this.#timers.after(wait, () => this.hurry(), hold)
  }

  /** Ends the wait now. */
  hurry(): void {
    if (!this.#timer) return
    this.#timer.cancel()
    this.#timer = undefined
    this.#retry()
  }

  succeeded(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#error = undefined
    this.#attempts = 0
  }
}
