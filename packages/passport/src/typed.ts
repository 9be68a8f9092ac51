// What was typed: the name, which is kept as a keyed pseudonym only, and the password, which the guard must know.
// Fields are looked up by name, as own properties that are strings; a body is never enumerated.
import type { RequestContext } from '@trailproof/core/adapter'

interface Sent {
  body?: unknown
  query?: unknown
  headers?: { authorization?: unknown }
}

const MAX_NAME = 254 // RFC 5321 4.5.3.1.3: no address is longer

/**
 * The name typed into a sign-in.
 *
 * @param strategy says its own field (passport-local: `_usernameField`), which may be a path such as `u[mail]`
 * @param method a token or a provider's answer holds no typed name, so the body of such a request is not looked at
 * @returns NFC, without control and bidirectional characters, at most 254 characters; undefined when nothing was typed
 */
export function typedName(
  strategy: object | undefined,
  method: string,
  req: object,
  fields: readonly string[],
): string | undefined {
  const { _usernameField: own } = (strategy ?? {}) as { _usernameField?: unknown }
  const places = typeof own === 'string' && own ? [own] : method === 'token' || method === 'oauth' ? [] : fields
  const sent = req as Sent
  for (const source of [sent.body, sent.query])
    for (const place of places) {
      const name = clean(lookUp(source, place))
      if (name) return name
    }
  return method === 'password' ? clean(basicName(sent.headers?.authorization)) : undefined
}

/** Tells the guard of this request about the password, wherever passport-local would find it. */
export function keepPassword(strategy: object, req: object, context: RequestContext | undefined): void {
  if (!context) return
  const { _passwordField: own } = strategy as { _passwordField?: unknown }
  const field = typeof own === 'string' && own ? own : 'password'
  for (const source of [(req as Sent).body, (req as Sent).query]) {
    const value = lookUp(source, field)
    if (value) context.secrets.add(value)
  }
}

/** As passport-local looks fields up (`u[mail]` → u.mail), but own properties only, and nothing that is not a string. */
function lookUp(source: unknown, path: string): string | undefined {
  let value = source
  for (const key of path.replaceAll(']', '').split('[')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return typeof value === 'string' ? value : undefined
}

/** RFC 7617: the name stands before the first colon. */
function basicName(authorization: unknown): string | undefined {
  const credentials =
    typeof authorization === 'string' ? /^basic\s+([\w+/=-]{1,4096})$/i.exec(authorization)?.[1] : undefined
  if (!credentials) return undefined
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  return text.includes(':') ? text.slice(0, text.indexOf(':')) : undefined
}

/** C0 and C1 controls, line and paragraph separators, bidirectional marks, embeddings, overrides and isolates. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

function clean(text: string | undefined): string | undefined {
  if (!text) return undefined
  const name = text
    .slice(0, 4 * MAX_NAME)
    .normalize('NFC')
    .replace(UNSEEN, '')
    .trim()
    .slice(0, MAX_NAME)
  // Half of a surrogate pair, where the cut fell.
  return name.replace(/[\ud800-\udbff]$/, '') || undefined
}
