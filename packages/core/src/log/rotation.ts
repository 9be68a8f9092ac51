// The record by which a log is handed over to the next signing key. The key before signs the checkpoint whose last leaf it
// is, and nothing after; the next one signs every larger size. So its own index is the border, and it names no other.
import { KeyType, parseVkey } from '@trailproof/tlog'
import { sha256 } from './crypto.js'

/** Its event. */
export const KEY_ROTATED = 'audit.key_rotated' as const

/** The public key, 32 bytes, that a line hands its log over to; undefined when it is no such record. */
export function rotatedTo(line: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length)
  if (!text.includes(`"${KEY_ROTATED}"`)) return undefined
  try {
    const { event, source, data } = JSON.parse(text.toString('utf8')) as Record<string, unknown>
    if (event !== KEY_ROTATED || source !== 'audit') return undefined
    const { type, publicKey } = parseVkey(sha256, String((data as { next?: unknown } | null)?.next))
    return type === KeyType.ed25519 ? publicKey : undefined
  } catch {
    return undefined
  }
}
