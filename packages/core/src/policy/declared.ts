// What is counted instead of written: how many observations, between which running numbers and times. Every number that no
// record has is thus told by one that has its range, and a gap that nobody declares is a loss.

/** The field `declared` of a record that stands for several observations. */
export interface Declared {
  /** `rollup`: repetitions of the record `like`. `sample`: observations that were not chosen. */
  by: 'rollup' | 'sample'
  /** How many observations this record stands for. */
  count: number
  /** The smallest and the largest `n` among them; numbers between may belong to other records. */
  first_n: number
  last_n: number
  /** When the first and the last were seen, as `time`. */
  from: string
  to: string
  /** Roll-up: `id` of the record that tells what was repeated. */
  like?: string
  /** Sample: the part that is written, above 0 and below 1. */
  rate?: number
}

/** A count with its range, filled one by one. */
export class Tally {
  count = 0
  firstN = 0
  lastN = 0
  from = ''
  to = ''

  /** @param time RFC 3339, as in a record */
  add(n: number, time: string): void {
    if (this.count++ === 0) {
      this.firstN = n
      this.from = time
    }
    this.lastN = n
    this.to = time
  }

  facts(): Pick<Declared, 'count' | 'first_n' | 'last_n' | 'from' | 'to'> {
    return { count: this.count, first_n: this.firstN, last_n: this.lastN, from: this.from, to: this.to }
  }
}

/** Names whose `none` is told one by one; what comes after is told together. */
const MOST_NAMES = 50

/** What `record: 'none'` keeps out, by hook and event, for the next heartbeat. */
export class Unwritten {
  #tallies = new Map<string, { hook: string; event: string; tally: Tally }>()

  add(hook: string, event: string, n: number, time: string): void {
    const key = `${hook} ${event}`
    const known = this.#tallies.get(key)
    if (known) known.tally.add(n, time)
    else if (this.#tallies.size < MOST_NAMES) this.#begin(key, hook, event).add(n, time)
    else (this.#tallies.get('')?.tally ?? this.#begin('', 'other', 'other')).add(n, time)
  }

  #begin(key: string, hook: string, event: string): Tally {
    const tally = new Tally()
    this.#tallies.set(key, { hook, event, tally })
    return tally
  }

  /** What a heartbeat says; undefined when nothing was kept out since the last. */
  list(): Record<string, unknown>[] | undefined {
    if (this.#tallies.size === 0) return undefined
    return [...this.#tallies.values()].map(({ hook, event, tally }) => ({ hook, event, ...tally.facts() }))
  }

  told(): void {
    this.#tallies.clear()
  }
}
