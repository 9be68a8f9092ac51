// What has been seen, and what became of it, per hook. Feeds heartbeats, health and coverage.

export interface Counts {
  /** Observations, numbered at the hook before any policy. */
  seen: number
  /** Durable in the log. */
  recorded: number
  /** Not written because policy says so. */
  declared: number
  /** Lost: the queue was full, or the record could not be made. */
  dropped: number
}

export interface Coverage {
  /** What is hooked, and how. */
  hooks: Record<string, Record<string, string | number | boolean>>
  /** Events seen so far in this process. */
  events: Record<string, number>
}

const MOST_NAMES = 1000

/** Counters of one process; every number only grows. */
export class Counters {
  readonly #hooks = new Map<string, Counts>()
  readonly #events = new Map<string, { count: number }>()
  readonly #dropped = new Map<string, number>()
  readonly #hooked = new Map<string, Record<string, string | number | boolean>>()
  #slow = 0
  #untoldSlow = 0

  /** @param onLoss told of every drop and every wait that ended too early */
  constructor(private readonly onLoss: () => void = () => {}) {}

  hooked(hook: string, detail: Record<string, string | number | boolean>): void {
    this.#hooked.set(hook, detail)
  }

  unhooked(hook: string): void {
    this.#hooked.delete(hook)
  }

  seen(hook: string, event: string): void {
    this.of(hook).seen++
    const known = this.#events.get(event)
    if (known) known.count++
    else if (this.#events.size < MOST_NAMES) this.#events.set(event, { count: 1 })
  }

  declared(hook: string): void {
    this.of(hook).declared++
  }

  dropped(hook: string, event: string): void {
    this.of(hook).dropped++
    const name = this.#dropped.has(event) || this.#dropped.size < MOST_NAMES ? event : 'other'
    this.#dropped.set(name, (this.#dropped.get(name) ?? 0) + 1)
    this.onLoss()
  }

  slow(): void {
    this.#slow++
    this.#untoldSlow++
    this.onLoss()
  }

  /** Drops that no `audit.dropped` record has told of yet, by event. */
  untoldDrops(): Record<string, number> | undefined {
    return this.#dropped.size ? Object.fromEntries(this.#dropped) : undefined
  }

  dropsTold(told: Record<string, number>): void {
    for (const [event, count] of Object.entries(told)) {
      const left = (this.#dropped.get(event) ?? 0) - count
      if (left > 0) this.#dropped.set(event, left)
      else this.#dropped.delete(event)
    }
  }

  /** Waits that ended too early, and that no `audit.slow` record has told of yet. */
  untoldSlow(): number {
    return this.#untoldSlow
  }

  slowTold(count: number): void {
    this.#untoldSlow -= count
  }

  totals(): { dropped: number; slow: number } {
    let dropped = 0
    for (const c of this.#hooks.values()) dropped += c.dropped
    return { dropped, slow: this.#slow }
  }

  counts(): Record<string, Counts> {
    return Object.fromEntries([...this.#hooks].map(([hook, counts]) => [hook, { ...counts }]))
  }

  coverage(): Coverage {
    return {
      hooks: Object.fromEntries(this.#hooked),
      events: Object.fromEntries([...this.#events].map(([event, { count }]) => [event, count])),
    }
  }

  /** The counts of one hook, to be counted on. */
  of(hook: string): Counts {
    const known = this.#hooks.get(hook)
    if (known) return known
    const counts = { seen: 0, recorded: 0, declared: 0, dropped: 0 }
    this.#hooks.set(hook, counts)
    return counts
  }
}
