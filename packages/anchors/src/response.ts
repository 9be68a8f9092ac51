// Answers of servers that are not ours: never more of them than asked for.
import { failed } from './failure.js'

/**
 * The body of an answer.
 *
 * @throws TRAILPROOF_ANCHOR_FAILED it is longer than `limit` bytes, or breaks off
 */
export async function readBounded(response: Response, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of response.body ?? []) {
      length += part.length
      if (length > limit) break // leaving the loop ends the transfer
      parts.push(part)
    }
  } catch (cause) {
    throw failed('the answer of the anchor broke off', 'it is asked again', cause)
  }
  if (length > limit)
    throw failed(`the answer of the anchor is longer than ${limit} bytes`, 'is this the right address?')
  return Buffer.concat(parts)
}
