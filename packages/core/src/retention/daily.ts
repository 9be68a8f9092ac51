// Retention in the background: a while after the start, when requests are being served, and then once a day.
import { isTrailproofError, TrailproofError } from '../errors.js'

const FIRST_AFTER_MS = 60_000
const EVERY_MS = 24 * 3_600_000

export class DailyRetention {
  #timer: NodeJS.Timeout
  #stopped = false

  /**
   * @param run - one run; what it throws is told, and the next run tries again
   * @param tell - told after each run why it failed; undefined when it did not, or when a legal hold is the reason
   */
  constructor(
    private readonly run: () => Promise<unknown>,
    private readonly tell: (error: TrailproofError | undefined) => void,
  ) {
    this.#timer = this.#after(FIRST_AFTER_MS)
  }

  /** No run begins any more. One under way is not waited for: the next process takes it up where it stops. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#go(), ms).unref()
  }

  async #go(): Promise<void> {
    try {
      await this.run()
      this.tell(undefined)
    } catch (cause) {
      if (this.#stopped) return
      const held = (cause as { held?: unknown }).held === true
      this.tell(held ? undefined : asNotPurged(cause))
    }
    if (!this.#stopped) this.#timer = this.#after(EVERY_MS)
  }
}

function asNotPurged(cause: unknown): TrailproofError {
  if (cause instanceof TrailproofError || isTrailproofError(cause)) return cause as TrailproofError
  return new TrailproofError('TRAILPROOF_NOT_PURGED', `old records could not be removed: ${(cause as Error).message}`, {
    cause,
    hint: 'the next run, in a day or at the next start, goes on from there',
  })
}
