// From an observation to the one JSON line that stands in the log: field order, bounds, redaction.
// Everything is copied when the fact happens; only references that wait for a key are filled in later.
import type { Observation } from '../adapter.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import type { Device } from '../http/device.js'
import type { Declared } from '../policy/declared.js'
import { type Redactor, redactors } from '../privacy/guard.js'
import { lookUp } from './catalogue.js'
import type { ActorType, Outcome, Severity, Target, TokenFacts } from './event.js'
import { member, objectMember, quote, textMember } from './json.js'
import { bounded, plainMembers } from './plain.js'

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

export interface RecordParts {
  id: string
  time: string
  n: number | undefined
  source: LogRecord['source']
  /** JSON of the field `service`. */
  service: string
  /** Of the actor, where the observation names none. */
  tenant: string | undefined
  /** Keyed reference of a session id, a token or a device id. */
  ref(purpose: 'session' | 'token' | 'device', value: string): string
}

/** A record as JSON text in pieces, in the order of its line; who took part comes in between, once it is known. */
export interface RecordText {
  /** `"id":…` up to the actor, without a comma before. */
  readonly head: string
  /** The target; of an account only its type. */
  readonly target: string
  /** What comes behind the target, up to `data`. */
  readonly tail: string
  /** JSON text by key. */
  readonly data: ReadonlyMap<string, string> | undefined
}

/** Everything of a record but the references of people. */
export function recordText(o: Observation, context: RequestContext | undefined, parts: RecordParts): RecordText {
  const secrets = context ? [...(quietly(() => context.secrets.values()) ?? [])] : NO_SECRETS
  const { clean, cleanCode, cleanWords } = redactors(secrets, context?.secrets)
  const text = texts(clean)
  const code = texts(cleanCode)
  const chosen = texts(cleanWords)
  return {
    head: headOf(o, parts, chosen),
    target: targetMember(o.target, text, chosen),
    tail:
      authMember(o.auth, code, chosen) +
      sessionMember(o, parts) +
      tokenMember(o.token, parts, text, code) +
      (context ? clientMember(context, parts, code) + httpMember(context, o.status, text, chosen) : '') +
      traceMember(context?.trace) +
      `,"service":${parts.service}` +
      textMember('tenant', text(o.tenant ?? parts.tenant, 128)),
    data: o.data === undefined || o.data === null ? undefined : plainMembers(o.data, clean),
  }
}

const NO_SECRETS: readonly string[] = []

function headOf(o: Observation, { id, time, source, n }: RecordParts, chosen: Text): string {
  const known = lookUp(o.event)
  const severity = o.severity ?? known.severity
  return (
    `"id":"${id}","time":"${time}","event":${quote(o.event)},"outcome":"${o.outcome ?? known.outcome}","severity":${severity}` +
    textMember('reason', chosen(o.reason, 64)) +
    `,"source":"${source}"` +
    (source === 'hook' ? textMember('hook', o.hook) : '') +
    (n === undefined ? '' : `,"n":${n}`) +
    declaredMember(o.declared)
  )
}

/** Made of counts, times and ids of our own. */
function declaredMember(declared: Declared | undefined): string {
  return declared ? `,"declared":${JSON.stringify(declared)}` : ''
}

/** A text of a record, or undefined for what is none: libraries hand over what strangers sent. */
type Text = (value: unknown, max: number) => string | undefined

function texts(clean: Redactor): Text {
  return (value, max) =>
    typeof value === 'string' ? clean(value, max) : typeof value === 'number' ? String(value) : undefined
}

/** JSON list of at most 8 texts, or undefined for what is no list. */
function listOf(values: unknown, one: (value: unknown) => string | undefined): string | undefined {
  if (!Array.isArray(values)) return undefined
  const items = values.slice(0, 8).flatMap((value) => one(value) ?? [])
  return `[${items.map(quote).join(',')}]`
}

function targetMember(target: Target | undefined, text: Text, chosen: Text): string {
  if (typeof target !== 'object' || target === null) return ''
  if ('account' in target) return ',"target":{"type":"account"}'
  const id = typeof target.id === 'bigint' ? String(target.id) : target.id
  return objectMember(
    'target',
    textMember('type', chosen(target.type, 64) ?? 'unknown') + textMember('id', text(id, 256)),
  )
}

function authMember(auth: Observation['auth'], code: Text, chosen: Text): string {
  if (!auth) return ''
  return objectMember(
    'auth',
    textMember('method', chosen(auth.method, 64)) +
      textMember('strategy', chosen(auth.strategy, 128)) +
      member(
        'factors',
        listOf(auth.factors, (factor) => chosen(factor, 64)),
      ) +
      textMember('attempt', code(auth.attempt, 64)),
  )
}

function sessionMember({ session, sessionFrom }: Observation, { ref }: RecordParts): string {
  if (typeof session !== 'string') return ''
  const from = typeof sessionFrom === 'string' ? ref('session', sessionFrom) : undefined
  return objectMember('session', textMember('ref', ref('session', session)) + textMember('from', from))
}

function tokenMember(token: TokenFacts | undefined, { ref }: RecordParts, text: Text, code: Text): string {
  if (!token) return ''
  const aud = text(token.aud, 256)
  return objectMember(
    'token',
    textMember('ref', typeof token.value === 'string' ? ref('token', token.value) : undefined) +
      textMember('jti', typeof token.jti === 'string' ? ref('token', `jti ${token.jti}`) : undefined) +
      textMember('alg', code(token.alg, 32)) +
      textMember('kid', text(token.kid, 256)) +
      textMember('typ', code(token.typ, 64)) +
      textMember('iss', text(token.iss, 256)) +
      member('aud', aud === undefined ? listOf(token.aud, (one) => text(one, 256)) : quote(aud)) +
      member('iat', finite(token.iat)) +
      member('nbf', finite(token.nbf)) +
      member('exp', finite(token.exp)) +
      `,"verified":${token.verified === true}`,
  )
}

function clientMember(context: RequestContext, { ref }: RecordParts, text: Text): string {
  const { address } = context
  const device: Device | undefined = context.device
  return objectMember(
    'client',
    textMember('ip', address.ip) +
      textMember('ip_source', address.source) +
      textMember('peer', address.peer === address.ip ? undefined : address.peer) +
      (address.forwardedIgnored ? ',"forwarded_ignored":true' : '') +
      textMember('user_agent', text(context.userAgent, 512)) +
      textMember('device', device?.id === undefined ? undefined : ref('device', device.id)) +
      textMember('device_source', device?.source) +
      textMember('device_rejected', device?.rejected),
  )
}

function httpMember(context: RequestContext, status: number | undefined, text: Text, code: Text): string {
  return objectMember(
    'http',
    textMember('method', code(context.req.method, 16)) +
      textMember(
        'route',
        code(
          quietly(() => context.route()),
          256,
        ),
      ) +
      textMember('request_id', text(context.requestId, 128)) +
      member('status', finite(status)),
  )
}

function traceMember(trace: LogRecord['trace']): string {
  return trace
    ? objectMember('trace', textMember('trace_id', trace.trace_id) + textMember('span_id', trace.span_id))
    : ''
}

function finite(value: number | undefined): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

/**
 * The body of a line: JSON text without its opening brace, cut field by field until the line fits.
 * What was cut is named in `truncated`; nothing is cut silently.
 *
 * @param actor - members that stand before the target, with their commas
 */
export function bodyOf({ head, target, tail, data }: RecordText, actor = ''): string {
  const start = head + actor + target + tail
  const body = `${start}${dataMember(data)}}`
  if (fits(body)) return body
  const left = new Map(data)
  const cut: string[] = []
  let shorter = body
  for (const [key] of [...left].sort(([, a], [, b]) => b.length - a.length)) {
    left.delete(key)
    cut.push(quote(`data.${bounded(key, 64)}`))
    shorter = `${start}${dataMember(left)},"truncated":[${cut.join(',')}]}`
    if (fits(shorter)) break
  }
  return shorter // too long for other reasons: the log refuses it by name
}

function dataMember(data: ReadonlyMap<string, string> | undefined): string {
  let members = ''
  if (data) for (const [key, json] of data) members += `,${quote(key)}:${json}`
  return objectMember('data', members)
}

function fits(body: string): boolean {
  return body.length * 3 < MAX_LINE_BYTES || Buffer.byteLength(body) + ROOM_FOR_SEQ <= MAX_LINE_BYTES
}
