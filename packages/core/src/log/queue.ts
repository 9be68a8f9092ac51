// Lines that are not durable yet, in order and bounded. What leaves it has been written or was refused by name.
import type { TrailproofError } from '../errors.js'
import type { Entry, Receipt } from './entry.js'

export interface QueueLimits {
  maxQueuedBytes: number
  maxQueuedRecords: number
}

/** An entry under way. */
export interface Item {
  readonly entry: Entry
  /** Counts appended entries from 1; the log's own first words have 0. */
  readonly number: number
  /** False while the keys it needs are not durable. */
  ready: boolean
  /** The body once it was built: a retry writes the very same bytes. */
  body?: string
}

export class Queue {
  readonly #limits: QueueLimits
  #items: Item[] = []
  #head = 0
  #bytes = 0
  #held = { records: 0, bytes: 0 }

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  /** Sum of the entries' `bytes`. */
  get bytes(): number {
    return this.#bytes
  }

  at(position: number): Item | undefined {
    return this.#items[this.#head + position]
  }

  /** @returns undefined when the bound is reached; then nothing was kept */
  push(entry: Entry, number: number): Item | undefined {
    const full =
      this.length + this.#held.records >= this.#limits.maxQueuedRecords ||
      this.#bytes + this.#held.bytes + entry.bytes > this.#limits.maxQueuedBytes
    return full ? undefined : this.#keep(entry, number)
  }

  /** Counts a written entry toward the bound as long as it waits for a checkpoint: it takes as much memory as before. */
  hold({ bytes }: Entry): void {
    this.#held.records++
    this.#held.bytes += bytes
  }

  /** Undoes `hold`. */
  letGo({ bytes }: Entry): void {
    this.#held.records--
    this.#held.bytes -= bytes
  }

  /** Puts entries before all others, past the bound: the log's own first words. */
  pushFirst(entries: readonly Entry[]): Item[] {
    const others = this.#items.slice(this.#head)
    this.#items = []
    this.#head = 0
    const first = entries.map((entry) => this.#keep(entry, 0))
    this.#items.push(...others)
    return first
  }

  /** Takes the oldest `count` out. */
  shift(count: number): Item[] {
    const items = this.#items.slice(this.#head, this.#head + count)
    this.#head += items.length
    for (const { entry } of items) this.#bytes -= entry.bytes
    // Dropping the front now and then keeps both cost and memory bounded.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return items
  }

  /** Takes one out of the middle: a line that can never be written. */
  remove(position: number): Item {
    const [item] = this.#items.splice(this.#head + position, 1)
    this.#bytes -= item!.entry.bytes
    return item!
  }

  #keep(entry: Entry, number: number): Item {
    const item: Item = { entry, number, ready: entry.ready === undefined }
    this.#items.push(item)
    this.#bytes += entry.bytes
    return item
  }
}

/** Tells an entry's owner how it ended. An owner that throws must not stop the log from telling the others. */
export function settle(
  item: Pick<Item, 'entry'>,
  error: TrailproofError | undefined,
  receipt: Receipt | undefined,
): void {
  try {
    item.entry.settled(error, receipt)
  } catch {}
}
