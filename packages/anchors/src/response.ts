// Answers of servers that are not ours: never more of them than asked for.
import { failed } from './failure.js'

/** The body of an answer; undefined when it is longer than `limit` bytes. */
export async function bytesWithin(response: Response, limit: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > limit) return undefined // leaving the loop ends the transfer
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * The same for an anchor that is asked again.
 *
 * @throws TRAILPROOF_ANCHOR_FAILED it is longer than `limit` bytes, or breaks off
 */
export async function readBounded(response: Response, limit: number): Promise<Buffer> {
  const bytes = await bytesWithin(response, limit).catch((cause) => {
    throw failed('the answer of the anchor broke off', 'it is asked again', cause)
  })
  if (bytes) return bytes
  throw failed(`the answer of the anchor is longer than ${limit} bytes`, 'is this the right address?')
}
