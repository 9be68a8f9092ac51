// Notices a disk that does not answer, and a thread that does not: neither can say so itself.
import { clockMs, type Shared, Word } from './ring.js'

export class StallWatch {
  readonly #words: Int32Array
  readonly #afterMs: number
  readonly #noticed: () => void
  /** When lines were seen to move last, while some are under way; of performance.now(). */
  #since: number | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param noticed - called when it may have begun; nobody is kept alive for it */
  constructor(shared: Shared, afterMs: number, noticed: () => void) {
    this.#words = new Int32Array(shared.words)
    this.#afterMs = afterMs
    this.#noticed = noticed
  }

  /** A system call, or lines under way, have not moved for too long. */
  get isStalled(): boolean {
    const busySince = Atomics.load(this.#words, Word.busySince)
    if (busySince !== 0 && ((clockMs() - busySince) | 0) > this.#afterMs) return true
    return this.#since !== undefined && performance.now() - this.#since > this.#afterMs
  }

  /** Lines have moved just now, or there are no more. */
  moved(underWay: boolean): void {
    this.#since = underWay ? performance.now() : undefined
    if (underWay) this.#watch()
  }

  /** Lines are under way, since now or for longer. */
  expect(): void {
    this.#since ??= performance.now()
    this.#watch()
  }

  end(): void {
    this.#since = undefined
    clearTimeout(this.#timer)
  }

  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.isStalled) this.#noticed()
      if (this.#since !== undefined) this.#watch()
    }, this.#afterMs + 1).unref()
  }
}
