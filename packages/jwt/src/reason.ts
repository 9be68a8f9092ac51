// Why a token was rejected, from a closed list. Messages are matched, never kept: they quote expected values, and what a
// key callback says may hold secrets.

export type RejectionReason =
  | 'expired'
  | 'max_age'
  | 'not_yet_valid'
  | 'bad_signature'
  | 'alg_not_allowed'
  | 'malformed'
  | 'missing'
  | 'audience_mismatch'
  | 'issuer_mismatch'
  | 'subject_mismatch'
  | 'jti_mismatch'
  | 'key_error'
  | 'rejected'

/** Starts of jsonwebtoken 9's messages; the first that fits wins. */
const MESSAGES: readonly [RegExp, RejectionReason][] = [
  [/^maxAge exceeded/, 'max_age'],
  [/^jwt expired/, 'expired'],
  [/^jwt not active/, 'not_yet_valid'],
  [/^invalid signature/, 'bad_signature'],
  [/^(invalid algorithm|please specify "none")/, 'alg_not_allowed'],
  // An RS256 key with an HS256 token, or the reverse: the attack that confuses algorithms.
  [/^secretOrPublicKey must be an? (as|s)ymmetric key|^"alg" parameter/, 'alg_not_allowed'],
  [/^jwt must be provided/, 'missing'],
  [/^(jwt must be a string|jwt malformed|invalid token|invalid (nbf|exp) value|iat required)/, 'malformed'],
  [/^jwt audience invalid/, 'audience_mismatch'],
  [/^jwt issuer invalid/, 'issuer_mismatch'],
  [/^jwt subject invalid/, 'subject_mismatch'],
  [/^jwt jwtid invalid/, 'jti_mismatch'],
  [
    /^(secret or public key must be provided|secretOrPublicKey is not valid|error in secret or public key callback)/,
    'key_error',
  ],
  [/^(verify must be called asynchronous|Unknown key type|Invalid key for this operation)/, 'key_error'],
]

export function rejectionReason(error: unknown, alg: unknown): RejectionReason {
  const { name, message, code } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const text = typeof message === 'string' ? message : ''
  // No signature where one is due: "alg: none" tried, or the signature cut off a signed token.
  if (text === 'jwt signature is required') return /^none$/i.test(String(alg)) ? 'alg_not_allowed' : 'bad_signature'
  for (const [start, reason] of MESSAGES) if (start.test(text)) return reason
  if (name === 'TokenExpiredError') return 'expired'
  if (name === 'NotBeforeError') return 'not_yet_valid'
  if (name === 'SyntaxError') return 'malformed' // header or payload is no JSON
  return typeof code === 'string' && /^ERR_(OSSL|CRYPTO)/.test(code) ? 'key_error' : 'rejected'
}

const AFTER_SIGNATURE = /^(expired|max_age|not_yet_valid|(audience|issuer|subject|jti)_mismatch)$/

/** jsonwebtoken looks at claims only once the signature is good; so of these rejected tokens the claims are the issuer's. */
export function signatureWasGood(reason: RejectionReason): boolean {
  return AFTER_SIGNATURE.test(reason)
}
