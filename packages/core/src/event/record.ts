// From an observation to the one JSON line that stands in the log: field order, bounds, redaction.
// Everything is copied when the fact happens; only references that wait for a key are filled in later.
import type { Observation } from '../adapter.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import type { Device } from '../http/device.js'
import type { Declared } from '../policy/declared.js'
import { exceptWords, type Redactor, redactors } from '../privacy/guard.js'
import { lookUp } from './catalogue.js'
import type { ActorType, Outcome, Severity, Target, TokenFacts } from './event.js'
import { bounded, plain } from './plain.js'

export interface Actor {
  ref?: string
  claimed?: string
  type?: ActorType
  on_behalf_of?: string[]
}

/** One record, in the order of its keys on disk (DESIGN section 4); `v` and `seq` are put in front by the log. */
export interface LogRecord {
  id: string
  time: string
  event: string
  outcome: Outcome
  severity: Severity
  reason?: string
  source: 'hook' | 'app' | 'audit'
  hook?: string
  n?: number
  /** This record stands for several observations, and has no `n` of its own. */
  declared?: Declared
  actor?: Actor
  target?: { type: string; id?: string; ref?: string }
  auth?: { method?: string; strategy?: string; factors?: string[]; attempt?: string }
  session?: { ref: string; from?: string }
  token?: Record<string, unknown>
  client?: Record<string, unknown>
  http?: Record<string, unknown>
  trace?: { trace_id: string; span_id: string }
  service: { name: string; version?: string; instance?: string }
  tenant?: string
  data?: Record<string, unknown>
  truncated?: string[]
}

/** A line holds at most this many bytes; C2SP tlog-tiles entries have a 16-bit length. */
export const MAX_LINE_BYTES = 65_535
const ROOM_FOR_SEQ = 64

/** Removes what is undefined, so that a record has no empty fields. */
function compact<T extends object>(value: T): T | undefined {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  return entries.length ? (Object.fromEntries(entries) as T) : undefined
}

export interface RecordParts {
  id: string
  time: string
  n: number | undefined
  source: LogRecord['source']
  service: LogRecord['service']
  /** Of the actor, where the observation names none. */
  tenant: string | undefined
  /** Keyed reference of a session id, a token or a device id. */
  ref(purpose: 'session' | 'token' | 'device', value: string): string
}

/** Everything of a record but the references of people. */
export function buildRecord(o: Observation, context: RequestContext | undefined, parts: RecordParts): LogRecord {
  const known = lookUp(o.event)
  const secrets = context ? [...(quietly(() => context.secrets.values()) ?? [])] : []
  const { clean, cleanCode } = redactors(secrets, context?.secrets)
  const text = texts(clean)
  const code = texts(cleanCode)
  const chosen = texts(exceptWords(cleanCode))
  return compact<LogRecord>({
    id: parts.id,
    time: parts.time,
    event: o.event,
    outcome: o.outcome ?? known.outcome,
    severity: o.severity ?? known.severity,
    reason: chosen(o.reason, 64)!,
    source: parts.source,
    hook: (parts.source === 'hook' ? o.hook : undefined)!,
    n: parts.n!,
    declared: o.declared as Declared,
    actor: {}, // holds its place: people are filled in when their references are known
    target: targetField(o.target, text, chosen)!,
    auth: compact({
      method: chosen(o.auth?.method, 64)!,
      strategy: chosen(o.auth?.strategy, 128)!,
      factors: list(o.auth?.factors, (f) => chosen(f, 64))!,
      attempt: code(o.auth?.attempt, 64)!,
    })!,
    session: sessionFields(o, (v) => parts.ref('session', v))!,
    token: (o.token && tokenFields(o.token, (v) => parts.ref('token', v), text, code))!,
    client: (context && clientFields(context, (v) => parts.ref('device', v), code))!,
    http: (context && httpFields(context, o.status, text, chosen))!,
    trace: context?.trace as NonNullable<LogRecord['trace']>,
    service: parts.service,
    tenant: text(o.tenant ?? parts.tenant, 128)!,
    data: dataField(o.data, clean)!,
  })!
}

/** A text of a record, or undefined for what is none: libraries hand over what strangers sent. */
type Text = (value: unknown, max: number) => string | undefined

function texts(clean: Redactor): Text {
  return (value, max) =>
    typeof value === 'string' ? clean(value, max) : typeof value === 'number' ? String(value) : undefined
}

function list<T>(values: unknown, one: (value: unknown) => T | undefined): T[] | undefined {
  return Array.isArray(values) ? values.slice(0, 8).flatMap((value) => one(value) ?? []) : undefined
}

function targetField(target: Target | undefined, text: Text, chosen: Text): { type: string; id?: string } | undefined {
  if (typeof target !== 'object' || target === null) return undefined
  if ('account' in target) return { type: 'account' }
  const id = typeof target.id === 'bigint' ? String(target.id) : target.id
  return { type: chosen(target.type, 64) ?? 'unknown', id: text(id, 256)! }
}

function dataField(data: unknown, clean: Redactor): Record<string, unknown> | undefined {
  if (data === undefined || data === null) return undefined
  const copy = plain(data, clean)
  const map =
    typeof copy === 'object' && copy !== null && !Array.isArray(copy)
      ? (copy as Record<string, unknown>)
      : { value: copy }
  return Object.keys(map).length ? map : undefined
}

function sessionFields(
  { session, sessionFrom }: Observation,
  ref: (value: string) => string,
): LogRecord['session'] | undefined {
  if (typeof session !== 'string') return undefined
  return { ref: ref(session), ...(typeof sessionFrom === 'string' && { from: ref(sessionFrom) }) }
}

function tokenFields(
  token: TokenFacts,
  ref: (value: string) => string,
  text: Text,
  code: Text,
): Record<string, unknown> {
  return compact({
    ref: typeof token.value === 'string' ? ref(token.value) : undefined,
    jti: typeof token.jti === 'string' ? ref(`jti ${token.jti}`) : undefined,
    alg: code(token.alg, 32),
    kid: text(token.kid, 256),
    typ: code(token.typ, 64),
    iss: text(token.iss, 256),
    aud: text(token.aud, 256) ?? list(token.aud, (a) => text(a, 256)),
    iat: finite(token.iat),
    nbf: finite(token.nbf),
    exp: finite(token.exp),
    verified: token.verified === true,
  }) as Record<string, unknown>
}

function clientFields(
  context: RequestContext,
  ref: (id: string) => string,
  text: Text,
): Record<string, unknown> | undefined {
  const { address } = context
  const device: Device | undefined = context.device
  return compact({
    ip: address.ip,
    ip_source: address.source,
    peer: address.peer === address.ip ? undefined : address.peer,
    forwarded_ignored: address.forwardedIgnored || undefined,
    user_agent: text(context.userAgent, 512),
    device: device?.id === undefined ? undefined : ref(device.id),
    device_source: device?.source,
    device_rejected: device?.rejected,
  })
}

function httpFields(
  context: RequestContext,
  status: number | undefined,
  text: Text,
  code: Text,
): Record<string, unknown> | undefined {
  return compact({
    method: code(context.req.method, 16),
    route: code(
      quietly(() => context.route()),
      256,
    ),
    request_id: text(context.requestId, 128),
    status,
  })
}

function finite(value: number | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/**
 * The body of a line: JSON text without its opening brace, cut field by field until the line fits.
 * What was cut is named in `truncated`; nothing is cut silently.
 */
export function bodyOf(record: LogRecord): string {
  const body = jsonOf(record)
  if (fits(body)) return body
  const data = { ...record.data }
  const cut: LogRecord = { ...record, data, truncated: [] }
  const largest = Object.entries(data).sort(([, a], [, b]) => sizeOf(b) - sizeOf(a))
  for (const [key] of largest) {
    delete data[key]
    if (Object.keys(data).length === 0) delete cut.data
    cut.truncated!.push(`data.${bounded(key, 64)}`)
    const shorter = jsonOf(cut)
    if (fits(shorter)) return shorter
  }
  return jsonOf(cut) // too long for other reasons: the log refuses it by name
}

function fits(body: string): boolean {
  return body.length * 3 < MAX_LINE_BYTES || Buffer.byteLength(body) + ROOM_FOR_SEQ <= MAX_LINE_BYTES
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0
}

/** Characters that JSON lets through and that a terminal obeys: C1 controls, line separators, changes of direction. */
const OBEYED = /[\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

function jsonOf(record: LogRecord): string {
  const json = JSON.stringify(record).slice(1)
  return json.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
