// Proofs as text: one base64 hash a line, the way tlog-witness and tlog-proof both write them.
import { encodeBase64, tryDecodeBase64 } from './base64.js'
import { isHash } from './bytes.js'
import { FormatError } from './errors.js'

/** No proof is longer in a tree whose size fits 63 bits. */
const MAX_PROOF_HASHES = 63

/** @throws RangeError over 63 hashes, or one that is not 32 bytes */
export function formatProofLines(proof: readonly Uint8Array[]): string {
  if (proof.length > MAX_PROOF_HASHES || !proof.every(isHash)) throw new RangeError('not a proof')
  return proof.map((hash) => `${encodeBase64(hash)}\n`).join('')
}

/** @throws FormatError a line is not the base64 of 32 bytes, or there are over 63 */
export function parseProofLines(lines: readonly string[]): Uint8Array[] {
  if (lines.length > MAX_PROOF_HASHES) throw new FormatError('a proof has at most 63 hashes')
  return lines.map((line) => {
    const hash = tryDecodeBase64(line)
    if (!hash || !isHash(hash)) throw new FormatError('a proof line is not 32 bytes of base64')
    return hash
  })
}

/**
 * Splits `header lines, blank line, note` at the first blank line.
 *
 * @throws FormatError there is none
 */
export function splitHeader(text: string): { lines: string[]; note: string } {
  const blank = text.indexOf('\n\n')
  if (blank < 0) throw new FormatError('no blank line before the checkpoint')
  return { lines: text.slice(0, blank).split('\n'), note: text.slice(blank + 2) }
}
