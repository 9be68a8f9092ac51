// What an application hands to `audit.record()` is checked before anything is kept.
import type { Observation } from '../adapter.js'
import { TrailproofError } from '../errors.js'
import { quietly } from '../hook/wrap.js'
import type { WaitFor } from '../policy/receipt.js'
import { isEventName, RESERVED } from './catalogue.js'
import type { AuditEvent } from './event.js'

const FIELDS: ReadonlySet<string> = new Set([
  'event',
  'outcome',
  'severity',
  'reason',
  'actor',
  'onBehalfOf',
  'claimed',
  'target',
  'auth',
  'session',
  'token',
  'tenant',
  'data',
])
const OUTCOMES = ['success', 'failure', 'denied', 'error', 'unknown']
const AUTH_TEXTS = ['method', 'strategy', 'attempt']
const TOKEN_TEXTS = ['value', 'jti']
const WAITS = ['queued', 'durable', 'checkpointed']

/** What a hook hands over is recorded even where a part of it is nonsense: the event happened all the same. */
export function withoutNonsense(o: Observation): Observation {
  const fine = isOutcome(o.outcome) && isSeverity(o.severity) && (o.status === undefined || Number.isInteger(o.status))
  if (fine) return o
  return {
    ...o,
    outcome: isOutcome(o.outcome) ? o.outcome : undefined,
    severity: isSeverity(o.severity) ? o.severity : undefined,
    status: Number.isInteger(o.status) ? o.status : undefined,
  }
}

const isOutcome = (outcome: unknown) => outcome === undefined || OUTCOMES.includes(outcome as string)
const isSeverity = (severity: unknown) =>
  severity === undefined || (Number.isInteger(severity) && (severity as number) >= 1 && (severity as number) <= 6)

interface Issue {
  path: string
  message: string
}

/**
 * @returns a copy whose fields do not change any more: a getter might give something else when it is read again
 * @throws TRAILPROOF_EVENT_INVALID nothing was recorded; `issues` names each field that is wrong
 */
export function checkEvent(said: AuditEvent, wait: WaitFor | undefined): AuditEvent {
  const read = quietly(() => ({ event: isMap(said) ? (copyOf(said) as AuditEvent) : said }))
  const event = read?.event as AuditEvent
  const wrong = read ? issuesOf(event) : [UNREADABLE]
  const waits = wait === undefined || WAITS.includes(wait)
  if (wrong.length === 0 && waits) return event
  const issues = waits ? wrong : [...wrong, { path: 'wait', message: `must be one of ${WAITS.join(', ')}` }]
  const list = issues.map(({ path, message }) => `${path || 'event'} ${message}`).join('; ')
  throw new TrailproofError('TRAILPROOF_EVENT_INVALID', `this event cannot be recorded: ${list}`, { issues })
}

/** What is no field is named, and not read. */
function copyOf(said: object): object {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(said)) {
    if (FIELDS.has(key)) copy[key] = (said as Record<string, unknown>)[key]
    else Object.defineProperty(copy, key, { enumerable: true }) // whatever it is called, also `__proto__`
  }
  return copy
}

const UNREADABLE: Issue = { path: '', message: 'cannot be read' }

const NONE: readonly Issue[] = []

class Issues {
  found: Issue[] | undefined

  add(path: string, message: string): void {
    this.found ??= []
    this.found.push({ path, message })
  }
}

function issuesOf(event: AuditEvent): readonly Issue[] {
  try {
    if (!isMap(event)) return [{ path: '', message: 'must be an object' }]
    const issues = new Issues()
    findIssues(event, issues)
    return issues.found ?? NONE
  } catch {
    return [UNREADABLE]
  }
}

function findIssues(event: AuditEvent, issues: Issues): void {
  if (!isEventName(event.event))
    issues.add('event', 'must be a name such as "login.failed" (lower case, dots, at most 64 characters)')
  else if (event.event.startsWith(RESERVED))
    issues.add('event', 'must not begin with "audit.": those names are the audit\'s own')
  for (const key of Object.keys(event))
    if (!FIELDS.has(key)) issues.add(key, `is not a field; fields are ${[...FIELDS].join(', ')}`)
  const { outcome, severity, reason, session, tenant, token, target, data, auth, onBehalfOf } =
    event as unknown as Record<string, unknown>
  if (!isOutcome(outcome)) issues.add('outcome', `must be one of ${OUTCOMES.join(', ')}`)
  if (!isSeverity(severity)) issues.add('severity', 'must be a whole number from 1 to 6')
  if (reason !== undefined && !(typeof reason === 'string' && /^[a-z0-9_.-]{1,64}$/.test(reason)))
    issues.add('reason', 'must be a code of at most 64 characters, a-z, 0-9, "_", ".", "-"')
  if (session !== undefined && typeof session !== 'string') issues.add('session', 'must be a string')
  if (tenant !== undefined && typeof tenant !== 'string') issues.add('tenant', 'must be a string')
  if (token !== undefined && typeof token !== 'string' && !isMap(token))
    issues.add('token', 'must be a string or an object')
  if (data !== undefined && !isMap(data)) issues.add('data', 'must be an object')
  if (auth !== undefined && !isMap(auth)) issues.add('auth', 'must be an object')
  if (isMap(auth)) {
    for (const key of AUTH_TEXTS) if (!isTextOrNone(auth[key])) issues.add(`auth.${key}`, 'must be a string')
    if (auth['factors'] !== undefined && !Array.isArray(auth['factors']))
      issues.add('auth.factors', 'must be a list of strings')
  }
  if (isMap(token))
    for (const key of TOKEN_TEXTS) if (!isTextOrNone(token[key])) issues.add(`token.${key}`, 'must be a string')
  if (onBehalfOf !== undefined && !Array.isArray(onBehalfOf)) issues.add('onBehalfOf', 'must be a list of users')
  if (
    target !== undefined &&
    !(
      isMap(target) &&
      ('account' in target ||
        (typeof target['type'] === 'string' && ['string', 'number'].includes(typeof target['id'])))
    )
  )
    issues.add('target', 'must be { type, id } or { account: user }')
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
