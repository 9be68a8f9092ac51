// What an application or a hook reports, before it becomes a record. Types only.
import type { CatalogueName } from './catalogue.js'

/**
 * Own event names. Extend it by declaration merging, name to shape of `data`:
 *
 * `declare module '@trailproof/core' { interface Events { 'invoice.exported': { rows: number } } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: empty on purpose, users merge their names into it
export interface Events {}

/** A name from the catalogue or one of the application's own. */
export type EventName = CatalogueName | (keyof Events & string)

export type Outcome = 'success' | 'failure' | 'denied' | 'error' | 'unknown'

/** OCSF severity_id: 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal. */
export type Severity = 1 | 2 | 3 | 4 | 5 | 6

export type ActorType = 'user' | 'service' | 'admin' | 'system' | 'anonymous'

/** Who a library's user object is. `id` is the account's key; `names` are for people, and never written in clear. */
export interface Identity {
  id: string
  names?: readonly string[] | undefined
  type?: ActorType | undefined
  tenant?: string | undefined
}

/** A thing that was acted on: `{ type: 'invoice', id: '42' }`, or a person: `{ account: user }`, kept as a pseudonym. */
export type Target = { type: string; id: string | number } | { account: unknown }

/** How someone proved who they are. */
export interface Auth {
  /** `password`, `token`, `oauth`, `passkey`, `mfa`, `application`, … */
  method?: string | undefined
  /** Name of the passport strategy, or the strategies tried, joined by `+`. */
  strategy?: string | undefined
  factors?: readonly string[] | undefined
  /** Ties all records of one decision together. */
  attempt?: string | undefined
}

/** What is known of a token; `value` and `jti` are turned into keyed references and then dropped. */
export interface TokenFacts {
  value?: string | undefined
  jti?: string | undefined
  alg?: string | undefined
  kid?: string | undefined
  typ?: string | undefined
  iss?: string | undefined
  aud?: string | readonly string[] | undefined
  iat?: number | undefined
  nbf?: number | undefined
  exp?: number | undefined
  /** Was the signature checked? Claims of an unverified token are the sender's words. */
  verified: boolean
}

/** One fact, as an application reports it to `audit.record()`. Only `event` is required. */
export interface AuditEvent {
  event: EventName
  /** Default: what the catalogue says for this name; own names: `success`. */
  outcome?: Outcome | undefined
  severity?: Severity | undefined
  /** Why; a catalogue reason or the application's own code, at most 64 characters of `[a-z0-9_.-]`. */
  reason?: string | undefined
  /** The user object (as `identify` knows it) of whoever acted. Default: who this request is signed in as. */
  actor?: unknown
  /** People for whom the actor acts, nearest first (RFC 8693 `act`): user objects. */
  onBehalfOf?: readonly unknown[] | undefined
  /**
   * The name that was typed; kept as a keyed pseudonym only. It comes from a client: anything but a string is left out,
   * so that nobody escapes the record by sending a list.
   */
  claimed?: unknown
  target?: Target | undefined
  auth?: Auth | undefined
  /** A raw session id; kept as a keyed reference. Default: none. */
  session?: string | undefined
  /** A raw token, its id, or its facts; kept as a keyed reference. */
  token?: string | TokenFacts | undefined
  tenant?: string | undefined
  /** A small map; copied, bounded and searched for secrets. */
  data?: Record<string, unknown> | undefined
}
