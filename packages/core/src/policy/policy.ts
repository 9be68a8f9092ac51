// Policy: how long the application waits for a record, and what happens when the log cannot write. First match wins.
import { TrailproofError } from '../errors.js'
import { nearest } from '../near.js'
import { isPattern, matcher } from './pattern.js'
import { checkNames, checkThinned } from './rules.js'

export interface Policy {
  /** `durable`: the response leaves only after the record survives a power cut. `queued`: at once. */
  wait: 'durable' | 'queued'
  /** Ends any wait, milliseconds; then `onFailure` applies. */
  waitAtMostMs: number
  /** `continue`: the request goes on, the record stays queued in memory. `refuse`: the effect is refused with 503. */
  onFailure: 'continue' | 'refuse'
  /**
   * `rollup`: repetitions of one reference are counted, and told every 10 s. `sample`: a part is written, the rest
   * counted and told likewise. `none`: counted and told in the heartbeat. Failures are written in any case but `none`.
   */
  record: 'all' | 'sample' | 'rollup' | 'none'
  /** With `record: 'sample'`: the part that is written, above 0 and below 1. */
  sample?: { rate: number }
}

/** One line of a policy: `{ events: 'token.*', wait: 'queued' }`. */
export interface PolicyRule extends Partial<Policy> {
  /** Event name, or a pattern ending in `*`, or several. */
  events: string | readonly string[]
}

export const DEFAULT_POLICY: Policy = { wait: 'durable', waitAtMostMs: 2000, onFailure: 'continue', record: 'all' }

/** What is queued by default: frequent, and repeated by the next request anyway. */
const DEFAULT_RULES: readonly PolicyRule[] = [
  { events: ['token.verified', 'session.renewed'], wait: 'queued', record: 'rollup' },
  { events: ['session.store_failed', 'resource.*'], wait: 'queued' },
  { events: 'authz.granted', wait: 'queued', record: 'none' },
  { events: ['audit.heartbeat', 'audit.stopped'], wait: 'queued' },
]

/** A compiled policy: looks an event name up once and remembers the answer. */
export function compilePolicy(rules: readonly PolicyRule[]): (event: string) => Policy {
  const own = rules.map(compiled)
  const builtIn = DEFAULT_RULES.map(compiled)
  const known = new Map<string, Policy>()
  return (event) => {
    const seen = known.get(event)
    if (seen) return seen
    const settings = [builtIn, own].map((list) => list.find((rule) => rule.match(event))?.settings)
    const policy = Object.assign({}, DEFAULT_POLICY, ...settings) as Policy
    if (known.size < 1000) known.set(event, policy)
    return policy
  }
}

/** A copy: what the application does to its rules afterwards changes nothing. A setting left undefined is not set. */
function compiled({ events, ...rest }: PolicyRule): { match: (event: string) => boolean; settings: Partial<Policy> } {
  const settings = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { match: matcher(typeof events === 'string' ? [events] : [...events]), settings }
}

const CHOICES: Record<string, readonly string[]> = {
  wait: ['durable', 'queued'],
  onFailure: ['continue', 'refuse'],
  record: ['all', 'sample', 'rollup', 'none'],
}

/** @throws TRAILPROOF_OPTION_INVALID naming the rule and the setting */
export function checkPolicy(rules: unknown): asserts rules is PolicyRule[] {
  if (!Array.isArray(rules))
    throw invalid('option "policy" must be a list of rules', 'policy: [{ events: "login.*", onFailure: "refuse" }]')
  rules.forEach((rule: unknown, i) => {
    if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
      throw invalid(`policy rule ${i} must be an object`)
    const { events, waitAtMostMs, sample, ...choices } = rule as Record<string, unknown>
    const names = typeof events === 'string' ? [events] : events
    if (!Array.isArray(names) || !names.length || !names.every(isPattern))
      throw invalid(`policy rule ${i}: "events" must be a name such as "login.failed" or a pattern such as "login.*"`)
    if (
      waitAtMostMs !== undefined &&
      !(typeof waitAtMostMs === 'number' && waitAtMostMs >= 0 && waitAtMostMs <= 600_000)
    )
      throw invalid(`policy rule ${i}: "waitAtMostMs" must be a number of milliseconds from 0 to 600000`)
    for (const [key, value] of Object.entries(choices)) {
      const allowed = Object.hasOwn(CHOICES, key) ? CHOICES[key] : undefined
      if (!allowed)
        throw invalid(
          `policy rule ${i}: unknown setting "${key}"`,
          nearest(key, ['events', 'waitAtMostMs', ...Object.keys(CHOICES), 'sample'], 'settings'),
        )
      if (value !== undefined && !allowed.includes(value as string))
        throw invalid(`policy rule ${i}: "${key}" must be ${allowed.map((a) => `"${a}"`).join(' or ')}`)
    }
    checkRate(sample, choices['record'], i)
  })
  checkNames(rules)
  checkThinned(rules)
}

function checkRate(sample: unknown, record: unknown, i: number): void {
  if (record !== 'sample' && sample === undefined) return
  if (record !== 'sample') throw invalid(`policy rule ${i}: "sample" goes with record: "sample" only`)
  const { rate, ...rest } = (typeof sample === 'object' && sample !== null ? sample : {}) as { rate?: unknown }
  if (!(typeof rate === 'number' && rate > 0 && rate < 1) || Object.keys(rest).length)
    throw invalid(
      `policy rule ${i}: "sample" must be { rate } with a rate above 0 and below 1`,
      'sample: { rate: 0.1 }',
    )
}

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
