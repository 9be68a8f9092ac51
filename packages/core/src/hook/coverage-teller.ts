// `audit.coverage`: the log itself says what was watched, so that what is not in it can be told from what was not looked at.
import type { Timers } from '../log/timers.js'
import type { Coverage } from './coverage.js'

export interface CoverageParts {
  coverage(): Coverage
  own(event: 'audit.coverage', data: Record<string, unknown>): boolean
  timers: Timers
}

/** By then an application has loaded its modules. */
const FIRST_AFTER_MS = 5000
/** A reader of the newest day finds one. */
const AGAIN_AFTER_MS = 86_400_000

export class CoverageTeller {
  readonly #parts: CoverageParts
  readonly #first: { cancel(): void }
  #told: string | undefined
  #at = 0

  constructor(parts: CoverageParts) {
    this.#parts = parts
    this.#first = parts.timers.after(FIRST_AFTER_MS, () => this.tell())
  }

  /** Called with every heartbeat: tells what has changed since, such as a hook that came later. */
  again(): void {
    if (this.#told !== undefined) this.tell()
  }

  stop(): void {
    this.#first.cancel()
  }

  tell(): void {
    const { coverage, own, timers } = this.#parts
    const { hooks, unhooked, forwardedIgnored } = coverage()
    const data = { hooks, unhooked, forwarded_ignored: forwardedIgnored > 0 }
    const text = JSON.stringify(data)
    const now = timers.now()
    if (text === this.#told && now - this.#at < AGAIN_AFTER_MS) return
    if (!own('audit.coverage', data)) return
    this.#told = text
    this.#at = now
  }
}
