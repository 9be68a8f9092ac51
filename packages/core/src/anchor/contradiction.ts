// What an anchor shows that a running log does not contain. Only a checkpoint under the log's own key says anything: an
// anchor may err, and whoever holds it must not be able to end a log.
import { equalBytes, verifyConsistency } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { hasher } from '../log/crypto.js'
import type { Evidence } from '../writers/writer.js'
import type { Anchor, AnchorCheckpoint } from './anchor.js'
import { type OwnLog, ownCheckpoint } from './own-checkpoint.js'

/** @returns the note of a larger tree than the log has, or of another one; undefined when the anchor shows nothing of the kind */
export async function contradiction(
  anchor: Anchor,
  own: OwnLog,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<string | undefined> {
  const note = await anchor.latest?.(own.origin, signal)
  const known = typeof note === 'string' ? ownCheckpoint(own, note) : undefined
  if (!known) return undefined
  // Read after it: what the anchor had by then was synced here before.
  const newest = await evidence.checkpoint(own.origin)
  const ours = newest === undefined ? undefined : ownCheckpoint(own, newest)
  const contained = ours ? await contains(own, evidence, known, ours) : known.size === 0
  return contained ? undefined : known.note
}

async function contains(own: OwnLog, evidence: Evidence, first: AnchorCheckpoint, second: AnchorCheckpoint) {
  if (first.size >= second.size) return first.size === second.size && equalBytes(first.root, second.root)
  if (first.size === 0) return true
  const proof = await evidence.prove(own.origin, first.size, second.size)
  const claim = { first: first.size, second: second.size, firstRoot: first.root, secondRoot: second.root, proof }
  return verifyConsistency(hasher, claim)
}

export const conflict = (message: string) =>
  new TrailproofError('TRAILPROOF_ANCHOR_CONFLICT', message, {
    hint: 'the log was rolled back, or somebody else signs with its key: keep folder and anchor as evidence, and verify',
  })
