// Reads a checkpoint note that must be of this log: its origin, its key.
import { openCheckpoint } from '@trailproof/tlog'
import { checkpointVerifier } from '../log/crypto.js'
import type { AnchorCheckpoint } from './anchor.js'

export interface OwnLog {
  origin: string
  /** 32 bytes, Ed25519. */
  publicKey: Uint8Array
}

/** @returns undefined when the note is none, is of another log, or another key signed it */
export function ownCheckpoint({ origin, publicKey }: OwnLog, note: string): AnchorCheckpoint | undefined {
  try {
    const { checkpoint } = openCheckpoint(note, [checkpointVerifier(origin, publicKey)], origin)
    return { origin, size: checkpoint.size, root: checkpoint.root, note }
  } catch {
    return undefined
  }
}
