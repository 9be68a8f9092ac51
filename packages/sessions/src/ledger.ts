// What this process remembers of sessions, so that an id the store no longer knows can be named: replayed after its end,
// expired, gone from the store, or never ours. Keyed references only, never ids; bounded; lost with the process.
import { type AuditCore, quietly } from '@trailproof/core/adapter'

/** How a session id ceased to be valid: the session is over, or it goes on under a new id. */
export type End = 'ended' | 'rotated'

/** Why the store has nothing for an id whose signature is good. */
export type Absence = { kind: 'replayed'; end: End } | { kind: 'expired' } | { kind: 'gone' } | { kind: 'unknown' }

/** Stands for "no expiry known": session cookies, and stores that keep their own clock. */
const NO_EXPIRY = 0

export class Ledger {
  readonly #ended = new Map<string, End>()
  // Apart from the ended ones, so that a flood of new sessions pushes no ended one out.
  readonly #alive = new Map<string, number>()

  constructor(
    /** undefined when there is none, since the audit is broken: then nothing is remembered. */
    private readonly refOf: (id: string) => string | undefined,
    private readonly most: number,
  ) {}

  /** The store holds this session; `expires` in milliseconds since 1970, if its cookie says so. */
  sawAlive(id: string, expires: number | undefined): void {
    const ref = this.refOf(id)
    if (ref === undefined) return
    this.#ended.delete(ref)
    remember(this.#alive, ref, expires ?? NO_EXPIRY, this.most)
  }

  sawEnd(id: string, end: End): void {
    const ref = this.refOf(id)
    if (ref === undefined) return
    this.#alive.delete(ref)
    remember(this.#ended, ref, end, this.most)
  }

  endOf(id: string): End | undefined {
    return this.#ended.get(this.refOf(id) ?? '')
  }

  /** Is this session known to be in the store? */
  isAlive(id: string): boolean {
    const expires = this.#alive.get(this.refOf(id) ?? '')
    return expires !== undefined && (expires === NO_EXPIRY || expires > Date.now())
  }

  whyAbsent(id: string): Absence {
    const ref = this.refOf(id) ?? ''
    const end = this.#ended.get(ref)
    if (end) return { kind: 'replayed', end }
    const expires = this.#alive.get(ref)
    if (expires === undefined) return { kind: 'unknown' }
    return expires !== NO_EXPIRY && expires <= Date.now() ? { kind: 'expired' } : { kind: 'gone' }
  }
}

/** Newest last; the oldest goes when there is no room. */
function remember<V>(entries: Map<string, V>, key: string, value: V, most: number): void {
  entries.delete(key)
  entries.set(key, value)
  if (entries.size > most) entries.delete(entries.keys().next().value!)
}

/** When a stored session ends, as its cookie says; stores hand the date back as text. */
export function expiryOf(session: unknown): number | undefined {
  const expires = (session as { cookie?: { expires?: unknown } } | null | undefined)?.cookie?.expires
  if (!(expires instanceof Date) && typeof expires !== 'string') return undefined
  const ms = new Date(expires).getTime()
  return ms > 0 ? ms : undefined
}

const LEDGERS = Symbol.for('trailproof.sessions.ledger')

/** One memory for all stores of an audit: two factories, or two libraries, one truth. */
export function ledgerOf(core: AuditCore, remember: number): Ledger {
  const owner = core as AuditCore & { [LEDGERS]?: Ledger }
  const ledger = owner[LEDGERS] ?? new Ledger((id) => quietly(() => core.sessionRef(id)), remember)
  owner[LEDGERS] = ledger
  return ledger
}
