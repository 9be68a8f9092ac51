// Signs, in lines that no checkpoint covers, that one must have covered them: whoever edits a log takes its checkpoints
// away as well, lest they tell. They look at what no crash in the first moments of a log leaves behind. Several segments, or
// tiles as such, are no sign: a burst fills segments, and a failed fsync begins one, before the first checkpoint is synced.

/** A synced checkpoint is due after one second; ten leave room for a slow disk. */
const MAX_UNSIGNED_MS = 10_000

interface Line {
  event?: unknown
  time?: unknown
  data?: { from?: unknown } | null
}

/** Is shown the lines of a log without checkpoint, one after the other. */
export class SignsOfCheckpoints {
  #starts = 0
  #recoveries = 0 // of a log without checkpoint: each allows for one more start
  #stopped = false
  #begin: number | undefined
  #tooLong = false

  see(line: Uint8Array): void {
    const { event, time, data } = JSON.parse(Buffer.from(line).toString('utf8')) as Line
    if (event === 'audit.started') this.#starts++
    if (event === 'audit.recovered' && data?.from === 0) this.#recoveries++
    if (event === 'audit.stopped') this.#stopped = true // closing a log signs it
    const at = typeof time === 'string' ? Date.parse(time) : Number.NaN
    if (Number.isNaN(at)) return
    this.#begin ??= at
    if (at - this.#begin > MAX_UNSIGNED_MS) this.#tooLong = true
  }

  get found(): boolean {
    return this.#stopped || this.#tooLong || this.#starts > 1 + this.#recoveries
  }
}
