// What a record may hold of a token: a few named header fields and claims, only strings and numbers, bounded.
// Never the signature, never another claim. `value` goes to core, which keeps a keyed reference and drops it.
import type { RequestContext, TokenFacts } from '@trailproof/core/adapter'

/** Longer "tokens" are not read: nothing that is sent in a header is, and reading costs. */
const MAX_TOKEN = 65_536
const MAX_TEXT = 256
const MAX_AUDIENCES = 8
const PUBLIC_PEM = /^\s*-----BEGIN (?:RSA |EC )?(?:PUBLIC KEY|CERTIFICATE)/

type Fields = Readonly<Record<string, unknown>>

export interface ReadToken {
  header: Fields
  claims: Fields
}

/** Reads the parts of a token without verifying anything; what cannot be read is empty. */
export function readToken(token: unknown): ReadToken {
  const [header, claims] = typeof token === 'string' && token.length <= MAX_TOKEN ? token.split('.', 2) : []
  return { header: fields(header), claims: fields(claims) }
}

export function factsOf(token: unknown, { header, claims }: ReadToken, verified: boolean): TokenFacts {
  return {
    value: typeof token === 'string' && token.length <= MAX_TOKEN ? token : undefined,
    alg: text(header.alg),
    kid: text(header.kid),
    typ: text(header.typ),
    iss: text(claims.iss),
    aud: Array.isArray(claims.aud)
      ? claims.aud.slice(0, MAX_AUDIENCES).flatMap((one) => text(one) ?? [])
      : text(claims.aud),
    jti: text(claims.jti),
    iat: number(claims.iat),
    nbf: number(claims.nbf),
    exp: number(claims.exp),
    verified,
  }
}

/** Is there a signature to speak of? "none" can be accepted and issued, but nobody's key stands behind it. */
export function isSigned({ header }: ReadToken): boolean {
  return !/^none$/i.test(String(header.alg))
}

/** Tells the guard of this request about a token or a key that is a text and no public one. */
export function keepSecret(context: RequestContext | undefined, value: unknown): void {
  if (typeof value === 'string' && value.length <= MAX_TOKEN && !PUBLIC_PEM.test(value)) context?.secrets.add(value)
}

function fields(part: string | undefined): Fields {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
  } catch {
    return {}
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || Number.isFinite(value) ? String(value).slice(0, MAX_TEXT) : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
