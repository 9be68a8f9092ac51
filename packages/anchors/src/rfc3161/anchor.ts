// An RFC 3161 timestamp authority as an anchor: it signs the hash of a checkpoint and the time, and remembers nothing.
import { type Anchor, type AnchorCheckpoint, isTrailproofError } from '@trailproof/core'
import { checkName, failed, invalid } from '../failure.js'
import { readBounded } from '../response.js'
import { sizeName } from '../size-name.js'
import { TokenFault } from './fault.js'
import { timestampRequest } from './request.js'
import { verifyResponse } from './token.js'
import { trustedCertificates } from './trusted.js'

export interface TimestampAnchorOptions {
  /** The authority's address, or a function that takes a request (DER) and brings the answer. */
  url: string | ((request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>)
  /** Root of the authority, PEM; several one after the other. An answer that does not lead to it is refused. */
  ca: string
  /** Sent with every request, such as `authorization`. */
  headers?: Record<string, string>
  /** Default `tsa`. */
  name?: string
}

const MAX_RESPONSE = 64 * 1024
const REQUEST = 'application/timestamp-query'

/**
 * Has each checkpoint stamped, and keeps `<name>-<size>.tsr` (the whole answer) with `<name>-<size>.checkpoint` (the note
 * that was stamped) below `anchors/` of the log: `openssl ts -verify -data <note> -in <tsr> -CAfile <ca>` accepts them.
 *
 * An authority remembers nothing, so it cannot be asked whether it knows a larger log.
 *
 * @throws TRAILPROOF_OPTION_INVALID
 * @see RFC 3161 sections 2.4 and 3.4
 */
export function timestampAnchor({ url, ca, headers = {}, name = 'tsa' }: TimestampAnchorOptions): Anchor {
  const trusted = trustedCertificates(ca)
  const ask = typeof url === 'function' ? url : overHttp(checkUrl(url), headers)
  const prefix = checkName(name)
  return {
    kind: 'rfc3161',
    name: prefix,
    async publish({ size, note }: AnchorCheckpoint, _prove, signal) {
      const over = Buffer.from(note)
      const { request, nonce } = timestampRequest(over)
      const answer = await asked(ask, request, signal)
      try {
        const { time } = verifyResponse(answer, { over, ca: trusted, nonce })
        const file = `${prefix}-${sizeName(size)}`
        return {
          files: [
            { name: `${file}.checkpoint`, bytes: over }, // first: an answer without it is worth nothing
            { name: `${file}.tsr`, bytes: answer },
          ],
          time,
        }
      } catch (error) {
        if (!(error instanceof TokenFault)) throw error
        throw failed(
          `the answer of the timestamp authority is refused: ${error.message}`,
          'look at "url" and "ca"',
          error,
        )
      }
    },
  }
}

async function asked(ask: Exclude<TimestampAnchorOptions['url'], string>, request: Uint8Array, signal: AbortSignal) {
  try {
    return await ask(request, signal)
  } catch (cause) {
    if (isTrailproofError(cause)) throw cause
    throw failed('the timestamp authority could not be asked', 'is it up, and its address right?', cause)
  }
}

function overHttp(url: string, headers: Record<string, string>) {
  return async (request: Uint8Array, signal: AbortSignal) => {
    const response = await fetch(url, {
      method: 'POST',
      body: Uint8Array.from(request),
      headers: { ...headers, 'content-type': REQUEST },
      redirect: 'error', // credentials must not leave for another host
      signal,
    })
    const body = await readBounded(response, MAX_RESPONSE)
    if (!response.ok)
      throw failed(`the timestamp authority answered ${response.status}`, 'look at its log, and at "headers"')
    return body
  }
}

function checkUrl(url: unknown): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password) return parsed.href
  throw invalid(
    'option "url" must be an http or https address without user, or a function',
    "url: 'https://tsa.example/tsr'; credentials go into headers",
  )
}
