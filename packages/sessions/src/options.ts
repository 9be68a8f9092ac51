// Options of auditSession, checked once, when the application is put together.
import { TrailproofError } from '@trailproof/core'

export interface SessionAuditOptions {
  /**
   * How many ended sessions, and how many living ones, this process remembers as keyed references, so that it can tell
   * a replayed session from an expired and from a made-up one. Default 100,000 each (about 15 MB when full).
   * The first `auditSession` of an audit decides.
   */
  remember?: number | undefined
}

const DEFAULT_REMEMBER = 100_000

/** @throws TRAILPROOF_OPTION_INVALID naming the option; nothing is hooked then */
export function checkOptions(options: unknown): { remember: number } {
  if (options === undefined) return { remember: DEFAULT_REMEMBER }
  if (typeof options !== 'object' || options === null) throw invalid('the options of auditSession must be an object')
  for (const key of Object.keys(options))
    if (key !== 'remember') throw invalid(`unknown option "${key}" of auditSession`, 'the only option is "remember"')
  const { remember = DEFAULT_REMEMBER } = options as SessionAuditOptions
  if (!Number.isSafeInteger(remember) || remember < 1 || remember > 10_000_000)
    throw invalid('option "remember" of auditSession must be a whole number from 1 to 10000000')
  return { remember }
}

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
