// What an application hands to `audit.record()` is checked before anything is kept.
import type { Observation } from '../adapter.js'
import { TrailproofError } from '../errors.js'
import { quietly } from '../hook/wrap.js'
import type { WaitFor } from '../policy/receipt.js'
import { isEventName, RESERVED } from './catalogue.js'
import type { AuditEvent } from './event.js'

const FIELDS = [
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
]
const OUTCOMES = ['success', 'failure', 'denied', 'error', 'unknown']
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
  const issues = read ? issuesOf(event) : [UNREADABLE]
  if (wait !== undefined && !WAITS.includes(wait))
    issues.push({ path: 'wait', message: `must be one of ${WAITS.join(', ')}` })
  if (issues.length === 0) return event
  const list = issues.map(({ path, message }) => `${path || 'event'} ${message}`).join('; ')
  throw new TrailproofError('TRAILPROOF_EVENT_INVALID', `this event cannot be recorded: ${list}`, { issues })
}

/** What is no field is named, and not read. */
function copyOf(said: object): object {
  const keys = Object.keys(said)
  return Object.fromEntries(
    keys.map((key) => [key, FIELDS.includes(key) ? (said as Record<string, unknown>)[key] : undefined]),
  )
}

const UNREADABLE: Issue = { path: '', message: 'cannot be read' }

function issuesOf(event: AuditEvent): Issue[] {
  try {
    return isMap(event) ? [...fieldIssues(event)] : [{ path: '', message: 'must be an object' }]
  } catch {
    return [UNREADABLE]
  }
}

function* fieldIssues(event: AuditEvent): Iterable<Issue> {
  if (!isEventName(event.event))
    yield { path: 'event', message: 'must be a name such as "login.failed" (lower case, dots, at most 64 characters)' }
  else if (event.event.startsWith(RESERVED))
    yield { path: 'event', message: 'must not begin with "audit.": those names are the audit\'s own' }
  for (const key of Object.keys(event))
    if (!FIELDS.includes(key)) yield { path: key, message: `is not a field; fields are ${FIELDS.join(', ')}` }
  const { outcome, severity, reason, session, tenant, token, target, data, auth, onBehalfOf } =
    event as unknown as Record<string, unknown>
  if (!isOutcome(outcome)) yield { path: 'outcome', message: `must be one of ${OUTCOMES.join(', ')}` }
  if (!isSeverity(severity)) yield { path: 'severity', message: 'must be a whole number from 1 to 6' }
  if (reason !== undefined && !(typeof reason === 'string' && /^[a-z0-9_.-]{1,64}$/.test(reason)))
    yield { path: 'reason', message: 'must be a code of at most 64 characters, a-z, 0-9, "_", ".", "-"' }
  for (const [path, value] of Object.entries({ session, tenant }))
    if (value !== undefined && typeof value !== 'string') yield { path, message: 'must be a string' }
  if (token !== undefined && typeof token !== 'string' && !isMap(token))
    yield { path: 'token', message: 'must be a string or an object' }
  for (const [path, value] of Object.entries({ data, auth }))
    if (value !== undefined && !isMap(value)) yield { path, message: 'must be an object' }
  if (isMap(auth)) {
    for (const key of ['method', 'strategy', 'attempt'])
      if (!['string', 'undefined'].includes(typeof auth[key]))
        yield { path: `auth.${key}`, message: 'must be a string' }
    if (auth['factors'] !== undefined && !Array.isArray(auth['factors']))
      yield { path: 'auth.factors', message: 'must be a list of strings' }
  }
  if (isMap(token))
    for (const key of ['value', 'jti'])
      if (!['string', 'undefined'].includes(typeof token[key]))
        yield { path: `token.${key}`, message: 'must be a string' }
  if (onBehalfOf !== undefined && !Array.isArray(onBehalfOf))
    yield { path: 'onBehalfOf', message: 'must be a list of users' }
  if (
    target !== undefined &&
    !(
      isMap(target) &&
      ('account' in target ||
        (typeof target['type'] === 'string' && ['string', 'number'].includes(typeof target['id'])))
    )
  )
    yield { path: 'target', message: 'must be { type, id } or { account: user }' }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
