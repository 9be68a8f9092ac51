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

/**
 * What a provider may say went wrong (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6). A closed list: these words come
 * by way of the browser, and whatever else stands there is the sender's.
 */
const PROVIDER_ERRORS = new Set([
  'access_denied',
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'server_error',
  'temporarily_unavailable',
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
])

/**
 * What a challenge of HTTP itself says (RFC 7617, RFC 6750 3.1): strategies for it give no other reason.
 *
 * @param challenge `Bearer realm="Users", error="invalid_token"`
 */
export function challengeReason(challenge: unknown, headers: unknown): string | undefined {
  const scheme =
    typeof challenge === 'string' ? /^(basic|digest|bearer)\b/i.exec(challenge)?.[1]?.toLowerCase() : undefined
  if (scheme === undefined) return undefined
  if (/\berror="?invalid_token\b/.test(challenge as string)) return 'token_invalid'
  if (/\berror=/.test(challenge as string) || (headers as { authorization?: unknown } | undefined)?.authorization)
    return undefined
  return scheme === 'bearer' ? 'no_token' : 'missing_credentials'
}

/** Why a sign-in by way of a provider was denied: the person said no there, or this is not the sign-in that was begun here. */
export function providerDenial(challenge: unknown, status: unknown, query: unknown): string | undefined {
  if (status === 403 && /\bstate\b/.test(about(challenge).message ?? '')) return 'bad_state' // passport-oauth2, -openidconnect
  const { error } = (typeof query === 'object' && query !== null ? query : {}) as { error?: unknown }
  return typeof error === 'string' && PROVIDER_ERRORS.has(error) ? error : undefined
}

/** Why it broke: the code of the provider's error, as passport-oauth2 and those made of it hand it on. */
export function providerError(error: unknown): string | undefined {
  const { code } = about(error)
  return code !== undefined && PROVIDER_ERRORS.has(code) ? code : undefined
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
