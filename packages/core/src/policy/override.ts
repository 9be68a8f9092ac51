// Break-glass: for a stated time, `onFailure: 'refuse'` is taken for `continue`, so that staff can sign in while the log is
// down. Only a call with a name and a reason begins it; it ends by itself, with the process at the latest.
import type { Observation } from '../adapter.js'
import { TrailproofError } from '../errors.js'
import type { Identity } from '../event/event.js'
import { Identified } from '../event/identified.js'
import { formatTime } from '../event/time.js'
import type { RequestContext } from '../http/context.js'
import type { Timers } from '../log/timers.js'

const MOST_MINUTES = 60
const MOST_EVENTS = 60

export interface OverrideRequest {
  /** Why, in words: at most 500 characters. */
  reason: string
  /** Who decided it: a user object that `identify` knows. */
  by: unknown
  /** At most 60. */
  minutes: number
}

export interface Override {
  /** RFC 3339, UTC. */
  readonly until: string
  /** Ends it now. */
  end(): void
}

/** What `health()` says of it. */
export interface OverrideHealth {
  reason: string
  until: string
  /** Requests that would have been refused; an observation outside of a request counts as one. */
  requests: number
  /** Their observations, by event. */
  events: Record<string, number>
}

export interface OverrideParts {
  timers: Timers
  /** Milliseconds since 1970. */
  now(): number
  identify(user: unknown): Identity | undefined
  /** Writes one of the audit's own records; false when there is no room: it is tried again. */
  write(o: Observation): boolean
}

interface Current {
  by: Identity
  reason: string
  until: string
  /** On the timers' clock, which nobody can set. */
  endsAt: number
  timer: { cancel(): void }
  requests: number
  seen: WeakSet<RequestContext>
  events: Map<string, number>
}

export class BreakGlass {
  readonly #parts: OverrideParts
  #current: Current | undefined
  #untold: Observation[] = []

  constructor(parts: OverrideParts) {
    this.#parts = parts
  }

  /** @throws TRAILPROOF_EVENT_INVALID nothing was overridden; `issues` names each field */
  begin(request: OverrideRequest): Override {
    const { by, reason, minutes } = this.#checked(request)
    this.#end('replaced')
    const { timers, now } = this.#parts
    const current: Current = {
      by,
      reason,
      until: formatTime(now() + minutes * 60_000),
      endsAt: timers.now() + minutes * 60_000,
      timer: timers.after(minutes * 60_000, () => this.#end('expired', current)),
      requests: 0,
      seen: new WeakSet(),
      events: new Map(),
    }
    this.#current = current
    this.#write(current, { state: 'begun', reason, minutes, until: current.until })
    process.emitWarning(`policy "refuse" is overridden until ${current.until}: requests go on without a safe record`, {
      type: 'TrailproofOverride',
    })
    return { until: current.until, end: () => this.#end('ended', current) }
  }

  get active(): boolean {
    return this.#current !== undefined && this.#parts.timers.now() < this.#current.endsAt
  }

  /** Does what policy would refuse go on? Counted, if so. */
  lets(event: string, context: RequestContext | undefined): boolean {
    const current = this.#current
    if (!current || !this.active) return false
    const name = current.events.has(event) || current.events.size < MOST_EVENTS ? event : 'other'
    current.events.set(name, (current.events.get(name) ?? 0) + 1)
    if (!context || !current.seen.has(context)) current.requests++
    if (context) current.seen.add(context)
    return true
  }

  /**
   * Writes what there was no room for.
   *
   * @returns false when there still is none
   */
  tell(): boolean {
    while (this.#untold[0] && this.#parts.write(this.#untold[0])) this.#untold.shift()
    return this.#untold.length === 0
  }

  health(): OverrideHealth | undefined {
    if (!this.#current || !this.active) return undefined
    const { reason, until, requests, events } = this.#current
    return { reason, until, requests, events: Object.fromEntries(events) }
  }

  close(): void {
    this.#end('closed')
    this.tell()
  }

  #end(how: 'expired' | 'ended' | 'replaced' | 'closed', which = this.#current): void {
    if (!which || which !== this.#current) return
    this.#current = undefined
    which.timer.cancel()
    const { reason, requests, events } = which
    this.#write(which, { state: how, reason, requests, by_event: Object.fromEntries(events) })
  }

  #write({ by }: Current, data: Record<string, unknown>): void {
    this.#untold.push({ event: 'audit.override', hook: 'audit', actor: new Identified(by), data, context: null })
    this.tell()
  }

  #checked(request: OverrideRequest): { by: Identity; reason: string; minutes: number } {
    const { reason, by, minutes } = (request ?? {}) as Partial<OverrideRequest>
    const identity = this.#parts.identify(by)
    const issues: { path: string; message: string }[] = []
    if (!identity) issues.push({ path: 'by', message: 'must be a user that `identify` knows: who decides this' })
    if (typeof reason !== 'string' || reason.trim() === '' || reason.length > 500)
      issues.push({ path: 'reason', message: 'must say why, in at most 500 characters' })
    if (!(typeof minutes === 'number' && minutes > 0 && minutes <= MOST_MINUTES))
      issues.push({ path: 'minutes', message: `must be a number above 0 and at most ${MOST_MINUTES}` })
    if (issues.length === 0) return { by: identity!, reason: reason!, minutes: minutes! }
    const list = issues.map(({ path, message }) => `${path} ${message}`).join('; ')
    throw new TrailproofError('TRAILPROOF_EVENT_INVALID', `nothing is overridden: ${list}`, { issues })
  }
}
