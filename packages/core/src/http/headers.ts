// Reading request headers: bounded, printable, never trusted.

/** W3C trace context, as the caller sent it. @see W3C Trace Context section 3.2 */
export interface TraceContext {
  trace_id: string
  span_id: string
}

/** One header as a string of at most `max` characters without control characters; undefined when absent or empty. */
export function boundedHeader(value: string | string[] | undefined, max: number): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  if (typeof first !== 'string') return undefined
  return (
    first
      .slice(0, max)
      .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
      .trim() || undefined
  )
}

/** UUID, ULID, 16 or more hex digits (nginx, Cloudflare's ray), or a trace id of AWS X-Ray: what machines make, and people do not. */
const STRICT_ID = [
  /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
  /^[0-7][\dA-HJKMNP-TV-Z]{25}$/i,
  /^[\da-f]{16,128}(?:-[A-Z]{3})?$/i,
  /^(?:Root=)?1-[\da-f]{8}-[\da-f]{24}$/i,
]

export function isStrictId(text: string): boolean {
  return STRICT_ID.some((shape) => shape.test(text))
}

/** Strict: lower-case hex, all-zero ids are invalid, version `ff` is forbidden. */
export function parseTraceparent(value: string | string[] | undefined): TraceContext | undefined {
  if (typeof value !== 'string') return undefined
  const m = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(value)
  if (!m || m[1] === 'ff' || (m[1] === '00' && m[4]) || /^0+$/.test(m[2]!) || /^0+$/.test(m[3]!)) return undefined
  return { trace_id: m[2]!, span_id: m[3]! }
}

/** Name and raw value of each cookie a request presents, at most 64, in order; a name may come several times. */
export function presentedCookies(header: string | undefined): [name: string, value: string][] {
  const cookies: [string, string][] = []
  for (const part of (header ?? '').slice(0, 16_384).split(';', 64)) {
    const eq = part.indexOf('=')
    const name = part.slice(0, Math.max(0, eq)).trim()
    if (name !== '')
      cookies.push([
        name,
        part
          .slice(eq + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ])
  }
  return cookies
}
