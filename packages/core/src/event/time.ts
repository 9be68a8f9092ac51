// The time of a record: UTC, RFC 3339, microseconds, as the clock read. Order is `seq`, not time.
// Node's wall clock has milliseconds; the microseconds between two ticks come from the monotonic clock.

export interface Clock {
  /** Milliseconds since 1970, with microseconds as fraction. */
  now(): number
}

/** A jump of the wall clock against the monotonic one larger than this is a step, milliseconds. */
const STEP_MS = 1000

export class WallClock implements Clock {
  #offset = Number.NaN

  /** @param onStep told the jump in milliseconds (positive: the clock was set forward) */
  constructor(private readonly onStep: (ms: number) => void = () => {}) {}

  now(): number {
    const wall = Date.now()
    const monotonic = performance.now()
    const reading = monotonic + this.#offset
    // Within the wall clock's current millisecond the monotonic clock is finer; outside it, the wall clock is right.
    if (reading >= wall && reading < wall + 1) return reading
    if (Math.abs(reading - wall) > STEP_MS) queueMicrotask(() => this.onStep(Math.round(wall - reading)))
    this.#offset = wall - monotonic
    return wall
  }
}

let second = Number.NaN
let prefix = ''
let day = ''

/** `2026-11-23T09:15:02.123456Z` */
export function formatTime(ms: number): string {
  return `${upToDot(ms)}${String(microsOf(ms)).padStart(6, '0')}Z`
}

/** `2026-11-23T09:15:02.`, remembered while the second lasts. */
export function upToDot(ms: number): string {
  const whole = Math.floor(ms / 1000)
  if (whole !== second) {
    second = whole
    prefix = new Date(whole * 1000).toISOString().slice(0, 20)
    day = prefix.slice(0, 10)
  }
  return prefix
}

/** The UTC day: `2026-11-23`. */
export function dayOf(ms: number): string {
  upToDot(ms)
  return day
}

/** What follows the dot. */
export function microsOf(ms: number): number {
  return Math.floor(ms * 1000) - Math.floor(ms / 1000) * 1_000_000
}
