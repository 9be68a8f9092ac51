// What has been seen, and what became of it, per hook. Feeds heartbeats, health and coverage.

import { findUnhooked, type Unhooked } from './unhooked.js'

export interface Counts {
  /** Observations, numbered at the hook before any policy. */
  seen: number
  /** Durable in the log. */
  recorded: number
  /** Not written one by one because policy says so: a roll-up, a sample or the heartbeat tells how many. */
  declared: number
  /** Lost: the queue was full, or the record could not be made. */
  dropped: number
}

export interface Coverage {
  /** What is hooked, and how. */
  hooks: Record<string, Record<string, string | number | boolean>>
  /** Events seen so far in this process. */
  events: Record<string, number>
  /** Hooks that are in place and have seen nothing yet. */
  neverSeen: string[]
  /** Libraries of sign-in that this process has loaded and nobody watches. ES modules cannot be listed. */
  unhooked: Unhooked[]
  /** Requests whose forwarding headers counted for nothing, since the framework trusts no proxy. */
  forwardedIgnored: number
}

/** Waits that ended before their records were safe, since the last telling. */
export interface Slow {
  byEvent: Record<string, number>
  longestMs: number
}

/** Names are bounded, here and by what a record holds; what comes after is counted together. */
const MOST_NAMES = 1000
const MOST_TOLD = 60

/** Counters of one process; every number only grows. */
export class Counters {
  readonly #hooks = new Map<string, Counts>()
  readonly #events = new Map<string, { count: number }>()
  readonly #dropped = new Map<string, number>()
  readonly #hooked = new Map<string, Record<string, string | number | boolean>>()
  readonly #untoldSlow = new Map<string, number>()
  #forwardedIgnored = 0
  #droppedOwn = 0
  #slow = 0
  #longestMs = 0

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

  declared(hook: string, count = 1): void {
    this.of(hook).declared += count
  }

  dropped(hook: string, event: string, count = 1): void {
    this.of(hook).dropped += count
    add(this.#dropped, event, count)
    this.onLoss()
  }

  /** A record of the audit's own was lost: no observation, but a hole in what the log says of itself. */
  droppedOwn(event: string): void {
    this.#droppedOwn++
    add(this.#dropped, event, 1)
    this.onLoss()
  }

  /** A request came with forwarding headers from a peer that the framework does not trust. */
  forwardedIgnored(): void {
    this.#forwardedIgnored++
  }

  /** A wait ended before the record was safe. */
  slow(event: string): void {
    this.#slow++
    add(this.#untoldSlow, event, 1)
    this.onLoss()
  }

  /** How long it then took in truth, milliseconds. */
  waited(ms: number): void {
    this.#longestMs = Math.max(this.#longestMs, Math.round(ms))
  }

  /** Takes the drops that no `audit.dropped` record has told of yet, by event; `giveBack` undoes it. */
  takeDrops(): Record<string, number> | undefined {
    return take(this.#dropped)
  }

  /** The record that was to tell of these is lost itself. */
  giveBackDrops(taken: Record<string, number>): void {
    for (const [event, count] of Object.entries(taken)) add(this.#dropped, event, count)
  }

  /** Takes the waits that ended too early, by event, and the longest of them; `giveBackSlow` undoes it. */
  takeSlow(): Slow | undefined {
    const byEvent = take(this.#untoldSlow)
    if (!byEvent) return undefined
    const longestMs = this.#longestMs
    this.#longestMs = 0
    return { byEvent, longestMs }
  }

  giveBackSlow({ byEvent, longestMs }: Slow): void {
    for (const [event, count] of Object.entries(byEvent)) add(this.#untoldSlow, event, count)
    this.waited(longestMs)
  }

  totals(): { dropped: number; slow: number } {
    let dropped = this.#droppedOwn
    for (const c of this.#hooks.values()) dropped += c.dropped
    return { dropped, slow: this.#slow }
  }

  hookNames(): string[] {
    return [...this.#hooked.keys()]
  }

  counts(): Record<string, Counts> {
    return Object.fromEntries([...this.#hooks].map(([hook, counts]) => [hook, { ...counts }]))
  }

  coverage(): Coverage {
    return {
      hooks: Object.fromEntries(this.#hooked),
      events: Object.fromEntries([...this.#events].map(([event, { count }]) => [event, count])),
      // `nestjs.audited` is a list of handlers, not a hook.
      neverSeen: [...this.#hooked.keys()].filter((hook) => !hook.includes('.') && !this.#hooks.get(hook)?.seen),
      unhooked: findUnhooked(new Set(this.#hooked.keys())),
      forwardedIgnored: this.#forwardedIgnored,
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

function add(counts: Map<string, number>, event: string, count: number): void {
  const name = counts.has(event) || counts.size < MOST_TOLD ? event : 'other'
  counts.set(name, (counts.get(name) ?? 0) + count)
}

function take(counts: Map<string, number>): Record<string, number> | undefined {
  if (counts.size === 0) return undefined
  const taken = Object.fromEntries(counts)
  counts.clear()
  return taken
}
