// Lines that need keys wait here until their keys are durable. A key store that fails is a failing log: nothing is
// dropped, the same entries ask again, with back-off.
import { TrailproofError } from '../errors.js'
import type { Item } from './queue.js'
import type { Timers } from './timers.js'
import { Trouble } from './trouble.js'

export interface KeyWaitEvents {
  ready(): void
  failed(trouble: Trouble, error: TrailproofError): void
  changed(): void
}

export class KeyWaits {
  readonly trouble: Trouble
  readonly #events: KeyWaitEvents
  #refused = new Set<Item>()

  constructor(timers: Timers, events: KeyWaitEvents) {
    this.#events = events
    this.trouble = new Trouble(timers, () => this.#retry())
  }

  /** Asks for the keys of an item now; does nothing for one that needs none. */
  start(item: Item): void {
    if (!item.ready && item.entry.ready) this.#ask(item, item.entry.ready)
  }

  #retry(): void {
    const items = this.#refused
    this.#refused = new Set()
    for (const item of items) this.#ask(item, item.entry.retryReady ?? item.entry.ready!)
  }

  #ask(item: Item, keys: () => Promise<void>): void {
    new Promise<void>((resolve) => resolve(keys.call(item.entry))).then(
      () => {
        item.ready = true
        if (this.#refused.size === 0) this.trouble.succeeded()
        this.#events.changed()
        this.#events.ready()
      },
      (cause) => {
        this.#refused.add(item)
        const error = new TrailproofError(
          'TRAILPROOF_WRITE_FAILED',
          `the keys for event "${item.entry.event}" could not be kept`,
          { event: item.entry.event, cause },
        )
        if (!this.trouble.waiting) this.#events.failed(this.trouble, error)
      },
    )
  }
}
