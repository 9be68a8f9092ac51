// Why a strategy failed, in a word that may stand in the log: the application's own, or one of a few that we know.
// Messages are looked up, never kept: they are written for people and may quote what was typed.

/** May it stand in a record's `reason`. */
export function isReason(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z0-9_.-]{1,64}$/.test(text)
}

/** Says only that nothing was presented; of several strategies that failed, another one's reason tells more. */
export function saysNothing(reason: string): boolean {
  return reason === 'no_token' || reason === 'missing_credentials'
}

/**
 * @param challenge what the strategy gave to `fail()`: an object with a message or code, an error, a text, nothing
 * @param status the HTTP status it asked for; 400 is how strategies say that the request held no credentials
 */
export function failureReason(challenge: unknown, status: unknown, own: ReadonlyMap<string, string>): string {
  const { code, message, name } = about(challenge)
  const named = (code !== undefined && own.get(code)) || (message !== undefined && own.get(message))
  if (named) return named
  const lower = code?.toLowerCase()
  if (isReason(lower)) return lower
  if (status === 400 || message === 'Missing credentials') return 'missing_credentials' // passport-local
  if (message === 'No auth token') return 'no_token' // passport-jwt: nothing was presented, which is no attack
  if (name === 'TokenExpiredError') return 'token_expired'
  if (name === 'JsonWebTokenError' || name === 'NotBeforeError') return 'token_invalid'
  return 'rejected'
}

type About = { code?: string | undefined; message?: string | undefined; name?: string | undefined }

function about(challenge: unknown): About {
  if (typeof challenge === 'string') return { message: challenge }
  if (typeof challenge !== 'object' || challenge === null) return {}
  const { code, message, name } = challenge as Record<string, unknown>
  return { code: text(code), message: text(message), name: text(name) }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
