// One question to a witness over HTTP, with everything about it bounded: time, the answer's length, and where it leads.
import { bytesWithin } from '../response.js'
import { failed } from './errors.js'

/** No honest answer comes near it: a few signature lines, a size, or one checkpoint. */
const MAX_ANSWER_BYTES = 64 * 1024

export interface Answer {
  status: number
  body: string
}

/**
 * Asks and reads the whole answer. Redirects are answers like any other: following one would let a witness choose whom the
 * log talks to.
 *
 * @param body - if given, it is posted
 * @throws TRAILPROOF_ANCHOR_FAILED `unreachable`: no connection, or no whole answer in time; `invalid`: over 64 KiB, or no UTF-8
 */
export async function ask(
  name: string,
  url: string,
  body: string | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body !== undefined && { body, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
    })
    const bytes = await bytesWithin(response, MAX_ANSWER_BYTES)
    if (!bytes) throw failed('invalid', `the witness "${name}" answered with more than ${MAX_ANSWER_BYTES} bytes`)
    return { status: response.status, body: decode(name, bytes) }
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'TRAILPROOF_ANCHOR_FAILED') throw cause
    throw failed('unreachable', `the witness "${name}" ${why(cause, timeoutMs)}`, { cause })
  }
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw failed('invalid', `the witness "${name}" answered with what is no UTF-8`, { cause })
  }
}

function why(cause: unknown, timeoutMs: number): string {
  const { name, cause: inner } = cause as Error & { cause?: NodeJS.ErrnoException }
  if (name === 'TimeoutError') return `did not answer within ${timeoutMs} ms`
  if (name === 'AbortError') return 'did not answer before the attempt was given up'
  return `cannot be reached: ${inner?.code ?? (cause as Error).message}`
}
