// Options of `auditPassport`: checked once, with a hint.
import { TrailproofError } from '@trailproof/core'
import { nearest } from '@trailproof/core/adapter'
import { isReason } from './reason.js'

export interface PassportHookOptions {
  /**
   * What the application's own failures are called in the log, by `info.code` or `info.message`:
   * `{ 'Incorrect password': 'bad_credentials' }`. Reasons are at most 64 characters of `[a-z0-9_.-]`.
   * Without an entry, a sane `info.code` is taken as it is, lower-cased.
   */
  reasons?: Readonly<Record<string, string>>
  /**
   * Body or query fields in which a name is typed, in order of preference, for strategies that do not name theirs.
   * Default: username, email, login, user, identifier, phone. `u[mail]` looks into objects.
   */
  usernameFields?: readonly string[]
}

export interface Settings {
  reasons: ReadonlyMap<string, string>
  usernameFields: readonly string[]
}

const NAMES = ['reasons', 'usernameFields']

const USERNAME_FIELDS = ['username', 'email', 'login', 'user', 'identifier', 'phone']

/** @throws TRAILPROOF_OPTION_INVALID naming the option, and what was probably meant */
export function checkOptions(options: PassportHookOptions): Settings {
  if (typeof options !== 'object' || options === null) throw invalid('the options of auditPassport must be an object')
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw invalid(`unknown option "${name}"`, nearest(name, NAMES, 'options'))
  }
  const { reasons = {}, usernameFields = USERNAME_FIELDS } = options
  if (typeof reasons !== 'object' || reasons === null || Array.isArray(reasons))
    throw invalid('option "reasons" must be an object', "reasons: { 'Incorrect password': 'bad_credentials' }")
  for (const [said, reason] of Object.entries(reasons))
    if (!isReason(reason))
      throw invalid(`option "reasons": what "${said}" is called must be at most 64 characters of [a-z0-9_.-]`)
  if (!Array.isArray(usernameFields) || !usernameFields.every((field) => typeof field === 'string' && field !== ''))
    throw invalid('option "usernameFields" must be a list of field names', "usernameFields: ['member_no']")
  return { reasons: new Map(Object.entries(reasons)), usernameFields: [...usernameFields] }
}

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
