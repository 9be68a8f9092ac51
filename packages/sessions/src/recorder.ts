// The way out: every observation of this package leaves here, with the request it belongs to and who acts in it.
import {
  type AuditCore,
  contextOf,
  type Observation,
  quietly,
  type RequestContext,
  type Verdict,
} from '@trailproof/core/adapter'
import type { Ledger } from './ledger.js'
import type { Visit } from './visit.js'

export type { Verdict }

export type Facts = Pick<Observation, 'event' | 'outcome' | 'reason' | 'session' | 'sessionFrom'>

export class Recorder {
  constructor(
    readonly core: AuditCore,
    readonly ledger: Ledger,
    /** The library whose sessions these are. */
    private readonly hook: string,
  ) {}

  contextOf(visit: Visit | undefined): RequestContext | undefined {
    return contextOf(visit?.raw)
  }

  /** Ids are secrets: whoever holds one is signed in. */
  keepSecret(visit: Visit | undefined, ...values: unknown[]): void {
    const secrets = this.contextOf(visit)?.secrets
    for (const value of values) quietly(() => secrets?.add(value))
  }

  /**
   * @param user the user object, where one is at hand; without it core takes whom the request is signed in as
   * @returns whether the effect may stand; never rejects
   */
  record(visit: Visit | undefined, facts: Facts, user: unknown = userOf(visit)): Promise<Verdict> {
    const context = this.contextOf(visit)
    const observed = quietly(() =>
      this.core.observe({
        ...facts,
        hook: this.hook,
        ...(user ? { actor: user } : {}),
        ...(context ? { context } : {}),
      }),
    )
    return observed ?? Promise.resolve('go')
  }

  storeFailed(visit: Visit | undefined, operation: string, id: unknown): Promise<Verdict> {
    return this.record(visit, { event: 'session.store_failed', outcome: 'error', reason: operation, ...idOf(id) })
  }

  /** Did this request sign someone out? Libraries and applications say so by their own record. */
  signedOut(visit: Visit | undefined): boolean {
    return this.contextOf(visit)?.events.has('logout.succeeded') ?? false
  }

  /**
   * Holds the response of a visit while the store works, where policy lets the response wait for `event`.
   * express-session sends its headers before the store has answered; the record can only be made after.
   *
   * @param whenLate what ends a hold after `waitAtMostMs`; default: as policy says, since the store does not answer
   * @returns ends the hold, with the verdict on the record where there is one
   */
  hold(visit: Visit | undefined, event: string, whenLate?: 'go'): Release {
    return quietly(() => this.#hold(visit, event, whenLate)) ?? (() => {})
  }

  #hold(visit: Visit | undefined, event: string, whenLate?: 'go'): Release | undefined {
    const { wait, record, onFailure, waitAtMostMs } = this.core.policyFor(event)
    const gate = this.contextOf(visit)?.gate
    if (!gate || record === 'none' || wait !== 'durable') return undefined
    if (onFailure === 'continue') {
      const release = gate.hold()
      const late = setTimeout(release, waitAtMostMs).unref()
      return (verdict) => {
        clearTimeout(late)
        if (verdict instanceof Promise) void verdict.then(release)
        else release() // at once: a record made next finds the bytes gone
      }
    }
    let end: (verdict: Verdict | Promise<Verdict>) => void = () => {}
    // Strict, since policy may refuse: a response too large to be held must not slip out either.
    gate.holdUntil(new Promise<Verdict>((resolve) => (end = resolve)), true)
    const late = setTimeout(() => end(whenLate ?? 'refuse'), waitAtMostMs).unref()
    return (verdict = 'go') => {
      clearTimeout(late)
      end(verdict)
    }
  }
}

export type Release = (verdict?: Verdict | Promise<Verdict>) => void

/** The user object on the request, as passport and most hand-written sign-ins keep it. */
export function userOf(visit: Visit | undefined): unknown {
  const user = visit?.req.user
  return typeof user === 'object' && user !== null ? user : undefined
}

function idOf(id: unknown): { session?: string } {
  return typeof id === 'string' ? { session: id } : {}
}
