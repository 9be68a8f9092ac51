// Lets so many work at once, so many more wait, and turns the rest away: what one request may hold in memory, times these.

export class Turns {
  readonly #atOnce: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #working = 0

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce
    this.#maxWaiting = maxWaiting
  }

  /** Resolves when it is one's turn, with what ends it; undefined when too many wait already. */
  async take(): Promise<(() => void) | undefined> {
    if (this.#working >= this.#atOnce) {
      if (this.#waiting.length >= this.#maxWaiting) return undefined
      await new Promise<void>((resolve) => this.#waiting.push(resolve)) // whoever ends hands the turn over
    } else this.#working++
    let ended = false
    return () => {
      if (ended) return
      ended = true
      const next = this.#waiting.shift()
      if (next) next()
      else this.#working--
    }
  }
}
