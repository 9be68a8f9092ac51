// Reads a checkpoint note that must be of this log: its origin, its key.
import { openCheckpoint } from '@trailproof/tlog'
import { checkpointVerifier } from '../log/crypto.js'
import type { AnchorCheckpoint } from './anchor.js'

export interface OwnLog {
  origin: string
  /** Keys that sign or have signed it, 32 bytes each, Ed25519. */
  publicKeys: readonly Uint8Array[]
}

/** @returns undefined when the note is none, is of another log, or another key signed it */
export function ownCheckpoint({ origin, publicKeys }: OwnLog, note: string): AnchorCheckpoint | undefined {
  try {
    const verifiers = publicKeys.map((key) => checkpointVerifier(origin, key))
    const { checkpoint } = openCheckpoint(note, verifiers, origin)
    return { origin, size: checkpoint.size, root: checkpoint.root, note }
  } catch {
    return undefined
  }
}
