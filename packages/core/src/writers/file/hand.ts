// Which key has to sign next, as the folder tells it: the one the log was opened with, or the one before. A log is handed
// over in steps, each durable before the next: the record, the old key's checkpoint that ends with it, the line in log.vkey,
// and only then the new key's first checkpoint. So a crash between any two leaves a folder in which one of them is in force.
import { join } from 'node:path'
import { equalBytes, MAX_ENTRY_BYTES } from '@trailproof/tlog'
import { rotatedTo } from '../../log/rotation.js'
import type { Piece } from './assess.js'
import type { Disk } from './disk.js'
import { SEGMENTS } from './layout.js'
import type { Vkeys } from './vkeys.js'

/** `own`: the key in the request; `next`: that too, only log.vkey does not say so yet; `previous`: the key before it. */
export type Hand = 'own' | 'next' | 'previous'

interface Facts {
  vkeys: Vkeys
  /** Who signed the newest checkpoint. */
  signer: Uint8Array | undefined
  /** The key that the last leaf under that checkpoint hands over to. */
  next: Uint8Array | undefined
  publicKey: Uint8Array
  previousKey?: Uint8Array | undefined
}

/** @returns a problem when the folder contradicts itself, or the log was handed over to a key that was not given */
export function handOf({ vkeys, signer, next, publicKey, previousKey }: Facts): Hand | { problem: string } {
  const last = vkeys.keys.at(-1)!
  const isOwn = (key: Uint8Array) => equalBytes(key, publicKey)
  if (next && !isOwn(next)) return { problem: 'its signing key was rotated to another one' }
  if (!signer) return isOwn(last) ? 'own' : 'previous'
  if (isOwn(signer)) return isOwn(last) ? 'own' : { problem: 'signed with another key' }
  if (next) return isOwn(last) ? 'own' : 'next'
  return previousKey && equalBytes(last, previousKey)
    ? 'previous'
    : { problem: 'signed with a key that had been replaced' }
}

/** The key that the last leaf under the newest checkpoint hands over to, if it is such a record. Reads one line. */
export function rotationAt(
  disk: Disk,
  folder: string,
  pieces: readonly Piece[],
  signedSize: number,
): Uint8Array | undefined {
  const piece = pieces.find(({ first, lines }) => first < signedSize && signedSize <= first + lines)
  if (!piece) return undefined
  // Where the lines without a signature begin, the last one with a signature ends.
  const window = Buffer.alloc(Math.min(piece.unsignedAt, MAX_ENTRY_BYTES + 2))
  const fd = disk.open(join(folder, SEGMENTS, piece.name), 'read')
  try {
    disk.read(fd, window, piece.unsignedAt - window.length)
  } finally {
    disk.close(fd)
  }
  return rotatedTo(window.subarray(window.subarray(0, -1).lastIndexOf(10) + 1, -1))
}
