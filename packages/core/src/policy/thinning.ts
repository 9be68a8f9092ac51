// `record: 'rollup' | 'sample' | 'none'`: what is counted instead of written one by one. Failures, denials and errors are
// always written, whatever the policy of their name says.
//
//   rollup   a full record, nine more in full, then a count, told every 10 s; anew after 15 minutes
//   sample   chosen by a keyed hash of who is meant: a stranger can neither choose nor guess; the rest is told every 10 s
//   none     told in the next heartbeat
import { createHmac } from 'node:crypto'
import type { Observation } from '../adapter.js'
import { lookUp } from '../event/catalogue.js'
import type { Identity } from '../event/event.js'
import { Identified } from '../event/identified.js'
import { formatTime } from '../event/time.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import type { Timers } from '../log/timers.js'
import { type Declared, Tally, Unwritten } from './declared.js'
import type { Policy } from './policy.js'

const WINDOW_MS = 15 * 60_000
const TELL_EVERY_MS = 10_000
const WRITTEN_IN_FULL = 10
/** References under way; when one more comes, the oldest is told and begins anew. */
const MOST_REFERENCES = 10_000

export interface ThinningParts {
  timers: Timers
  /** Milliseconds since 1970. */
  now(): number
  /** Chooses samples. */
  key: Buffer
  sessionRef(id: string): string
  tokenRef(value: string): string
  identify(user: unknown): Identity | undefined
  /** Writes a record that stands for several observations; false when there is no room: it is tried again. */
  write(o: Observation): boolean
  /** So many observations will never be told of. */
  lost(o: Observation, count: number): void
}

/** `written` wants the id of the record that was made of the observation. */
export type Weighed = { write: false } | { write: true; written?: (id: string) => void }

interface Counted {
  /** On the timers' clock. */
  since: number
  full: number
  like: string | undefined
  rate: number | undefined
  tally: Tally
  template: Observation
}

const WRITE: Weighed = { write: true }
const COUNT: Weighed = { write: false }

export class Thinning {
  readonly unwritten = new Unwritten()
  readonly #parts: ThinningParts
  readonly #counted = new Map<string, Counted>()
  #timer: { cancel(): void } | undefined
  #over = false

  constructor(parts: ThinningParts) {
    this.#parts = parts
  }

  /** Is this observation written, or counted? What is counted will be declared. */
  weigh(o: Observation, policy: Policy, context: RequestContext | undefined, n: number): Weighed {
    if (policy.record === 'all' || this.#over) return WRITE
    const time = formatTime(this.#parts.now())
    if (policy.record === 'none') {
      this.unwritten.add(o.hook, o.event, n, time)
      return COUNT
    }
    if (mustStand(o)) return WRITE
    return policy.record === 'sample' ? this.#sampled(o, policy, context, n, time) : this.#rolled(o, context, n, time)
  }

  #sampled(o: Observation, policy: Policy, context: RequestContext | undefined, n: number, time: string): Weighed {
    const rate = policy.sample?.rate ?? 1
    if (this.#share(o, context, n) < rate) return WRITE
    const key = `sample ${o.hook} ${o.event} ${rate}`
    const kept = this.#counted.get(key) ?? this.#keep(key, { event: o.event, hook: o.hook }, rate)
    kept.tally.add(n, time)
    return COUNT
  }

  /** From 0 up to 1; the same for everything that belongs together. */
  #share(o: Observation, context: RequestContext | undefined, n: number): number {
    const named = [o.auth?.attempt, o.session, o.token?.value, o.token?.jti, this.#actor(o, context)?.id]
    const who = named.find((name) => typeof name === 'string') ?? n
    return createHmac('sha256', this.#parts.key).update(`${who}`).digest().readUIntBE(0, 6) / 2 ** 48
  }

  #rolled(o: Observation, context: RequestContext | undefined, n: number, time: string): Weighed {
    const template = this.#templateOf(o, context)
    const key = keyOf(o, template, context, this.#account(o.target))
    let kept = this.#counted.get(key)
    if (kept && this.#parts.timers.now() - kept.since >= WINDOW_MS && this.#tell(kept)) {
      this.#counted.delete(key)
      kept = undefined
    }
    const counted = kept ?? this.#keep(key, template)
    if (counted.full < WRITTEN_IN_FULL) {
      counted.full++
      return { write: true, written: (id) => (counted.like ??= id) }
    }
    counted.tally.add(n, time)
    return COUNT
  }

  /** Who and which session, as references: no secret is kept beyond its request. */
  #templateOf({ event, hook, outcome, severity, session, token, ...o }: Observation, context?: RequestContext) {
    const actor = this.#actor(o as Observation, context)
    const named = token?.value ?? (typeof token?.jti === 'string' ? `jti ${token.jti}` : undefined)
    return {
      event,
      hook,
      outcome,
      severity,
      actor: actor && new Identified(actor),
      session: typeof session === 'string' ? this.#parts.sessionRef(session) : undefined,
      token: token && {
        value: typeof named === 'string' ? this.#parts.tokenRef(named) : undefined,
        verified: token.verified === true,
      },
    } satisfies Observation
  }

  #actor(o: Observation, context: RequestContext | undefined): Identity | undefined {
    const { identify } = this.#parts
    return identify(o.actor) ?? context?.actor ?? identify(quietly(() => context?.req.user))
  }

  #account(target: unknown): string | undefined {
    const account = typeof target === 'object' && target !== null && 'account' in target ? target.account : undefined
    return this.#parts.identify(account)?.id
  }

  #keep(key: string, template: Observation, rate?: number): Counted {
    for (const [oldest, kept] of this.#counted) {
      if (this.#counted.size < MOST_REFERENCES) break
      if (this.#tell(kept)) this.#counted.delete(oldest)
      else break // no room in the log either: a few more are kept, and the queue's bound ends it
    }
    const counted = { since: this.#parts.timers.now(), full: 0, like: undefined, rate, tally: new Tally(), template }
    this.#counted.set(key, counted)
    this.#timer ??= this.#parts.timers.after(TELL_EVERY_MS, () => this.#tick())
    return counted
  }

  #tick(): void {
    this.#timer = undefined
    this.tell()
    const now = this.#parts.timers.now()
    for (const [key, kept] of this.#counted)
      if (kept.tally.count === 0 && (kept.rate !== undefined || now - kept.since >= WINDOW_MS))
        this.#counted.delete(key)
    if (this.#counted.size && !this.#over) this.#timer = this.#parts.timers.after(TELL_EVERY_MS, () => this.#tick())
  }

  /** Declares everything that was counted so far. */
  tell(): void {
    for (const kept of this.#counted.values()) this.#tell(kept)
  }

  /** @returns false when the log has no room; the count goes on */
  #tell(kept: Counted): boolean {
    if (kept.tally.count === 0) return true
    const { like, rate, template } = kept
    const declared: Declared = {
      by: rate === undefined ? 'rollup' : 'sample',
      ...kept.tally.facts(),
      ...(like !== undefined && { like }),
      ...(rate !== undefined && { rate }),
    }
    if (!this.#parts.write({ ...template, context: null, declared })) return false
    kept.tally = new Tally()
    return true
  }

  /** Declares the rest; from now on everything is written. */
  close(): void {
    for (const kept of this.#counted.values()) if (!this.#tell(kept)) this.#parts.lost(kept.template, kept.tally.count) // no room to the last: a loss, and counted
    this.#over = true
    this.#timer?.cancel()
    this.#counted.clear()
  }
}

/** No failure, denial or error is ever thinned out, nor anything that a hook finds grave. */
function mustStand(o: Observation): boolean {
  const known = lookUp(o.event)
  return ['failure', 'denied', 'error'].includes(o.outcome ?? known.outcome) || (o.severity ?? known.severity) >= 4
}

/** Repeated is what the same person does with the same session or token, to the same thing, from the same place. */
function keyOf(
  o: Observation,
  { actor, session, token }: Observation,
  context: RequestContext | undefined,
  account: string | undefined,
): string {
  const who = (actor as Identified | undefined)?.identity
  const { type, id } = (o.target ?? {}) as { type?: unknown; id?: unknown }
  const reason = typeof o.reason === 'string' ? o.reason : undefined
  const target = [type, id].map((part) => (typeof part === 'string' || typeof part === 'number' ? part : undefined))
  const from = context && [context.address.ip, context.userAgent]
  return JSON.stringify([
    o.event,
    o.hook,
    o.outcome,
    reason,
    who?.tenant,
    who?.id,
    session,
    token,
    target,
    account,
    from,
  ])
}
