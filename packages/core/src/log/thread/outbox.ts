// Entries whose lines are in shared memory and not known to be durable, in the order of the lines.
import { hash } from 'node:crypto'
import { MAX_ENTRY_BYTES } from '@trailproof/tlog'
import type { TrailproofError } from '../../errors.js'
import { isBody, notOneLine, prefixOf, tooLong } from '../batch.js'
import type { Entry, FleetingBody, Receipt } from '../entry.js'
import { RingPutter, type Shared, Word } from './ring.js'

/** Room for what the log puts in front of a body, whatever its number. */
const LONGEST_BODY = MAX_ENTRY_BYTES - prefixOf(Number.MAX_SAFE_INTEGER).length

/** An entry that was sent, with its body and the leaf index that it gets. */
export interface SentEntry {
  entry: Entry
  body: string
  index: number
}

export class Outbox {
  readonly #ring: RingPutter
  readonly #words: Int32Array
  #entries: Entry[] = []
  #first = 0
  #looked = 0 // of `#entries` that `isWaitedFor` has seen
  #durable = 0 // entries ever found durable
  /** Leaf index of the oldest entry in here. */
  #index = 0

  constructor(shared: Shared) {
    this.#ring = new RingPutter(shared)
    this.#words = new Int32Array(shared.words)
  }

  get length(): number {
    return this.#entries.length - this.#first
  }

  /** Bytes of shared memory taken. */
  get bytes(): number {
    return this.#ring.used
  }

  /** @param index - of the first leaf that will be put */
  begin(index: number): void {
    this.#index = index
    this.#ring.begin(index)
  }

  /** @returns false: there is no room now; an error: this can never be a line */
  put(entry: Entry, body: string | FleetingBody): boolean | TrailproofError {
    if (typeof body === 'string' && !isBody(body)) return notOneLine(entry.event)
    const bytes =
      typeof body === 'string' ? this.#ring.put(body, LONGEST_BODY) : this.#ring.putWords(body, LONGEST_BODY)
    if (bytes < 0) return false
    if (bytes > LONGEST_BODY) return tooLong(entry.event, bytes + MAX_ENTRY_BYTES - LONGEST_BODY)
    this.#entries.push(entry)
    entry.body = '' // it is in shared memory now: many entries may wait, and need not hold it twice
    return true
  }

  /** @returns true when the log's thread sleeps and must be told. See `RingPutter` */
  publish(urgent: boolean, bell?: () => void): boolean {
    return this.#ring.publish(urgent, bell)
  }

  ring(): void {
    this.#ring.ring()
  }

  /** Does somebody wait for one of the entries that came since this was asked last? */
  isWaitedFor(): boolean {
    let any = false
    for (let i = Math.max(this.#looked, this.#first); i < this.#entries.length && !any; i++)
      any = isWaitedFor(this.#entries[i]!)
    this.#looked = this.#entries.length
    return any
  }

  /** Is something durable that `takeDurable` was not asked for yet? */
  hasNews(): boolean {
    return Atomics.load(this.#words, Word.durable) !== (this.#durable | 0)
  }

  /** The oldest entry, if its line is durable by now, with its receipt; it leaves. */
  takeDurable(origin: string): { entry: Entry; receipt: Receipt } | undefined {
    if (!this.hasNews()) return undefined
    this.#durable++
    return { receipt: { origin, index: this.#index, leafHash: this.#ring.oldestLeafHash() }, entry: this.#leave() }
  }

  /** The oldest entry with its body, whatever became of it; it leaves. For taking over from a thread that is gone. */
  takeBack(): SentEntry | undefined {
    if (this.length === 0) return undefined
    const [body, index] = [this.#ring.oldestBody(this.#index), this.#index]
    return { body, index, entry: this.#leave() }
  }

  #leave(): Entry {
    this.#ring.free()
    this.#index++
    const entry = this.#entries[this.#first]!
    this.#entries[this.#first++] = undefined as never // so that it can be collected
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#looked = Math.max(0, this.#looked - this.#first)
      this.#first = 0
    }
    return entry
  }
}

/** Leaf hash, hex, of a body that stands at `index`. */
export function leafHashAt(index: number, body: string): string {
  return hash('sha256', `\0${prefixOf(index)}${body}`, 'hex')
}

/** The same entry with this body and without the keys, which are durable by now: as another log takes it. */
export function withBody(entry: Entry, body: Entry['body']): Entry {
  const { event, bytes, wait } = entry
  return { event, bytes, wait, body, settled: (error, receipt) => entry.settled(error, receipt) }
}

function isWaitedFor(entry: Entry): boolean {
  return entry.waiter !== undefined || entry.wait === 'checkpointed' || !('waiter' in entry)
}
