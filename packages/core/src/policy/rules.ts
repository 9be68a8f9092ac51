// What a rule may not do: name an event that was probably meant otherwise, or thin out what an investigation needs whole.
import { TrailproofError } from '../errors.js'
import { CATALOGUE, lookUp, RESERVED } from '../event/catalogue.js'
import { distance } from '../near.js'
import { matcher } from './pattern.js'
import type { PolicyRule } from './policy.js'

const NAMES = Object.keys(CATALOGUE).filter((name) => !name.startsWith(RESERVED))
const SUBJECTS = [...new Set(NAMES.map((name) => name.split('.')[0]!))]

/** Successes that are the proof of who came in, and as whom. */
const SIGN_INS = ['login.succeeded', 'login.switched', 'mfa.succeeded', 'session.created', 'impersonation.started']

const namesOf = ({ events }: PolicyRule) => (typeof events === 'string' ? [events] : events)

/**
 * Own names extend the catalogue, so an unknown one is no error unless it is nearly a known one: `login.suceeded` would
 * match nothing, silently.
 *
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function checkNames(rules: readonly PolicyRule[]): void {
  for (const [i, rule] of rules.entries())
    for (const name of namesOf(rule)) {
      if (name.startsWith(RESERVED))
        throw invalid(`policy rule ${i}: "${name}" names the audit's own events, which no policy governs`)
      const meant = name.endsWith('*') ? meantSubject(name) : meantName(name)
      if (meant)
        throw invalid(
          `policy rule ${i}: no event is called "${name}"`,
          `did you mean "${meant}"? If the name is your own, write "${name.replace(/\.?\*?$/, '*')}"`,
        )
    }
}

function meantName(name: string): string | undefined {
  if (NAMES.includes(name)) return undefined
  const near = NAMES.map((known) => [distance(known, name), known] as const).sort((a, b) => a[0] - b[0])[0]!
  if (near[0] <= 2) return near[1]
  const [subject, action = ''] = name.split('.')
  return NAMES.find((known) => known.startsWith(`${subject}.`) && sameStem(action, known.slice(subject!.length + 1)))
}

/** `success` and `succeeded`, `verify` and `verified`: one word in two forms. */
function sameStem(a: string, b: string): boolean {
  let shared = 0
  while (shared < a.length && a[shared] === b[shared]) shared++
  return shared >= 4 && [a, b].every((word) => word.length - shared <= 4 && !word.slice(shared).includes('_'))
}

/** `logins.*`. A pattern without dot (`invoice*`) says itself that it is a beginning only. */
function meantSubject(pattern: string): string | undefined {
  const subject = /^([^.]+)\.\*$/.exec(pattern)?.[1]
  if (subject === undefined || SUBJECTS.includes(subject)) return undefined
  const meant = SUBJECTS.find((known) => distance(known, subject) === 1)
  return meant && `${meant}.*`
}

/**
 * Failures, denials, errors, alarms and successful sign-ins are recorded one by one or not at all: attackers are in the
 * part that is left out.
 *
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function checkThinned(rules: readonly PolicyRule[]): void {
  const matchers = rules.map((rule) => matcher(namesOf(rule)))
  for (const [i, { record }] of rules.entries()) {
    if (record !== 'sample' && record !== 'rollup') continue
    const covered = NAMES.filter((name) => matchers.findIndex((matches) => matches(name)) === i)
    const whole = covered.find(mustBeWhole)
    if (whole === undefined) continue
    const rest = covered.filter((name) => !mustBeWhole(name))
    throw invalid(
      `policy rule ${i}: record: "${record}" would cover "${whole}", which is always recorded one by one`,
      rest.length ? `name the events instead, such as "${rest[0]}"` : 'leave "record" out',
    )
  }
}

function mustBeWhole(name: string): boolean {
  const { outcome, severity } = lookUp(name)
  return SIGN_INS.includes(name) || ['failure', 'denied', 'error'].includes(outcome) || severity >= 4
}

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
