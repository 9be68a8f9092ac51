// Signs, in lines that no checkpoint covers, that one must have covered them: whoever edits a log takes its checkpoints
// away as well, lest they tell. They look at what no crash in the first moments of a log leaves behind. Several segments, or
// tiles as such, are no sign: a burst fills segments, and a failed fsync begins one, before the first checkpoint is synced.

/** A synced checkpoint is due after one second; ten leave room for a slow disk. */
const SLACK_MS = 10_000

interface Line {
  event?: unknown
  time?: unknown
  data?: { from?: unknown } | null
}

/**
 * Is shown the lines of a log without checkpoint, one after the other.
 *
 * How long lines may stand without one is not read from them, since whoever removed the checkpoints writes what he likes:
 * the process that opens the log knows its own key. A key in another place may be away from the first moment on, through
 * restarts, and at the end; then each recovery begins another span, and a good end is no sign of a signature.
 */
export class SignsOfCheckpoints {
  readonly #maxMs: number
  readonly #remote: boolean
  #starts = 0
  #recoveries = 0 // of a log without checkpoint: each allows for one more start
  #stopped = false
  #begin: number | undefined
  #tooLong = false

  /** @param maxUnsignedMs - set when the key is in another place */
  constructor(maxUnsignedMs: number | undefined) {
    this.#maxMs = SLACK_MS + (maxUnsignedMs ?? 0)
    this.#remote = maxUnsignedMs !== undefined
  }

  see(line: Uint8Array): void {
    const { event, time, data } = JSON.parse(Buffer.from(line).toString('utf8')) as Line
    if (event === 'audit.started') this.#starts++
    if (event === 'audit.recovered' && data?.from === 0) {
      this.#recoveries++
      if (this.#remote) this.#begin = undefined
    }
    if (event === 'audit.stopped') this.#stopped = !this.#remote // closing a log signs it
    const at = typeof time === 'string' ? Date.parse(time) : Number.NaN
    if (Number.isNaN(at)) return
    this.#begin ??= at
    if (at - this.#begin > this.#maxMs) this.#tooLong = true
  }

  get found(): boolean {
    return this.#stopped || this.#tooLong || this.#starts > 1 + this.#recoveries
  }
}
