// The signed sizes a log must fit, in ascending order: checkpoints.log, the newest checkpoint, and those the caller brought
// from elsewhere. What cannot be believed is set down as a problem and left out.
import { type HistoryEntry, judgedHistory } from './history.js'
import type { Judge, Verdict } from './judge.js'
import type { RawKey } from './key-ranges.js'
import type { Reader } from './reader.js'
import { MAX_FINDINGS, type Note, type Problem } from './report.js'

/** A believed checkpoint. `own`: the log keeps it itself. */
export interface Mark {
  size: number
  root: string
  origin: string
  /** Keys that signed it. */
  signers: readonly RawKey[]
  own: boolean
}

export class Marks {
  readonly problems: Problem[] = []
  readonly notes: Note[] = []
  /** Every note seen, believed or not. */
  seen = 0
  /** The log's name, as the first believed checkpoint says; all others must agree. */
  origin: string | undefined
  readonly #history: AsyncIterator<HistoryEntry>
  readonly #others: Mark[]
  #ahead: Mark | undefined
  #last = 0
  #newest: Verdict | undefined
  #newestSeen = false
  readonly #refused = new Map<string, { first: number; last: number; count: number; detail: string }>()

  private constructor(history: AsyncIterator<HistoryEntry>, others: Mark[]) {
    this.#history = history
    this.#others = others
  }

  /** Reads a log's own checkpoints with those in `against`. From here on, later checkpoints of a running log do not count. */
  static async open(reader: Reader, judge: Judge, against: readonly string[]): Promise<Marks> {
    const newest = await reader.newest()
    const marks = new Marks(judgedHistory(reader.notes(), judge), [])
    await marks.#admit(newest === undefined ? [] : [newest], judge, true, 'checkpoint: ')
    marks.#ahead = await marks.#nextOwn()
    await marks.#admit(against, judge, false, 'the checkpoint to compare with: ')
    marks.#others.sort((a, b) => a.size - b.size)
    return marks
  }

  /** Size of the mark that `next` gives; Infinity after the last. */
  get nextSize(): number {
    return Math.min(this.#ahead?.size ?? Number.POSITIVE_INFINITY, this.#others[0]?.size ?? Number.POSITIVE_INFINITY)
  }

  async next(): Promise<Mark | undefined> {
    const own = this.#ahead
    const other = this.#others[0]
    if (other && (!own || other.size <= own.size)) return this.#others.shift()
    if (own) this.#ahead = await this.#nextOwn()
    return own
  }

  /** Lets go of the file that the history comes from. */
  async close(): Promise<void> {
    await this.#history.return?.()
  }

  /** Sets down the refused checkpoints: one problem for each reason, or a re-signed history would fill the report. */
  finish(): void {
    // The history is synced before `checkpoint` names its newest note, so no crash takes it away.
    if (this.#newest && !this.#newestSeen)
      this.notes.push({
        kind: 'history_cut',
        index: this.#newest.size,
        detail: `checkpoints.log does not hold the newest checkpoint, of size ${this.#newest.size}: its end was removed`,
      })
    for (const [key, { first, last, count, detail }] of this.#refused) {
      const kind = key.slice(0, key.indexOf(' ')) as Problem['kind']
      const more = count > 1 ? ` (and ${count - 1} more checkpoints up to ${last})` : ''
      this.problems.push({ kind, index: Math.max(0, first), detail: detail + more })
    }
    this.#refused.clear()
  }

  async #admit(notes: readonly string[], judge: Judge, own: boolean, where: string): Promise<void> {
    for (const note of notes) {
      this.seen++
      const verdict = this.#sameOrigin(await judge.judge(note))
      if (verdict.refused) this.#refuse(verdict, where)
      else this.#others.push({ ...verdict, own })
      if (own && !verdict.refused) this.#newest = verdict
    }
  }

  async #nextOwn(): Promise<Mark | undefined> {
    for (;;) {
      const { value, done } = await this.#history.next()
      if (done) return undefined
      if ('garbage' in value) {
        this.#garbage(value)
        continue
      }
      const entry = this.#sameOrigin(value)
      this.seen++
      if (entry.refused) {
        this.#refuse(entry, '')
        continue
      }
      // Our log never signs a smaller size after a larger one, so somebody else put this note here.
      if (entry.size < this.#last) {
        if (this.problems.length < MAX_FINDINGS)
          this.problems.push({
            kind: 'rolled_back',
            from: entry.size,
            to: this.#last,
            detail: `checkpoints.log goes back from size ${this.#last} to ${entry.size}`,
          })
        continue
      }
      this.#last = entry.size
      if (entry.size === this.#newest?.size && entry.root === this.#newest.root) this.#newestSeen = true
      return { ...entry, own: true }
    }
  }

  // A bare key pins no name, and one key may sign for several logs: a log must at least not change its own.
  #sameOrigin(verdict: Verdict): Verdict {
    if (verdict.refused) return verdict
    this.origin ??= verdict.origin
    if (verdict.origin === this.origin) return verdict
    return {
      ...verdict,
      refused: { kind: 'wrong_origin', detail: `a checkpoint of ${verdict.origin} in the log ${this.origin}` },
    }
  }

  #garbage({ garbage, torn }: { garbage: string; torn: boolean }): void {
    const where = `after the checkpoint of size ${this.#last}`
    if (torn)
      this.notes.push({ kind: 'torn', detail: `checkpoints.log ends in ${garbage.length} characters of a torn write` })
    else if (this.problems.length < MAX_FINDINGS)
      this.problems.push({
        kind: 'unreadable',
        index: this.#last,
        detail: `checkpoints.log holds what is no checkpoint ${where}`,
      })
  }

  #refuse({ refused, size }: Verdict, where: string): void {
    // Keys in the text of wrong_key differ by size only; one line per kind and source is enough.
    const key = `${refused!.kind} ${where}`
    const known = this.#refused.get(key)
    if (!known) this.#refused.set(key, { first: size, last: size, count: 1, detail: where + refused!.detail })
    else {
      known.count++
      known.last = Math.max(known.last, size)
    }
  }
}
