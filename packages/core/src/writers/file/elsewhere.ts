// What anchors know, held against a log that is sound in itself: an older state of it, put back as a whole, is sound too,
// and so is one that somebody has written and signed anew.
import { equalBytes, TILE_WIDTH } from '@trailproof/tlog'
import { type OwnLog, ownCheckpoint } from '../../anchor/own-checkpoint.js'
import type { Elsewhere, Head } from '../writer.js'
import type { Disk } from './disk.js'
import { breathe, type Steps } from './steps.js'
import { frontierOfEdge, readEdge, readWidest } from './tiles.js'

type Contradiction = Pick<NonNullable<Head['previous']>, 'kind' | 'problem' | 'rollback'>

export interface Known {
  own: OwnLog
  elsewhere: readonly Elsewhere[]
}

interface Signed {
  size: number
  root: Uint8Array
}

const HASH_BYTES = 32

/**
 * A checkpoint of this log, signed by its own key, that is larger than its newest one or gives another root for that size.
 *
 * What goes to anchors is synced first, so no crash takes it away here and leaves it there.
 */
export function rollback({ own, elsewhere }: Known, newest: Signed | undefined): Contradiction | undefined {
  const size = newest?.size ?? 0
  for (const { anchor, checkpoint } of believed(own, elsewhere)) {
    if (checkpoint.size > size)
      return found(
        anchor,
        checkpoint,
        size,
        `it ends at ${size} signed records, and the anchor "${anchor}" knows ${checkpoint.size}: it was rolled back`,
      )
    if (newest && checkpoint.size === size && !equalBytes(checkpoint.root, newest.root))
      return found(
        anchor,
        checkpoint,
        size,
        `the anchor "${anchor}" knows another tree of ${size} records: it was rewritten`,
      )
  }
  return undefined
}

/**
 * A smaller checkpoint that is not the beginning of this log: it was rolled back and has grown again, or was rewritten.
 *
 * @param linesGive - hashes all lines up to a size; asked only where the tiles do not show by themselves that all is well
 */
export function* fork(
  disk: Disk,
  folder: string,
  { own, elsewhere }: Known,
  newest: Signed | undefined,
  linesGive: (signed: Signed) => Steps<boolean>,
): Steps<Contradiction | undefined> {
  for (const { anchor, checkpoint } of believed(own, elsewhere)) {
    if (!newest || checkpoint.size >= newest.size || checkpoint.size === 0) continue
    if ((yield* leadsTo(disk, folder, checkpoint, newest)) || (yield* linesGive(checkpoint))) continue
    return found(
      anchor,
      checkpoint,
      newest.size,
      `its first ${checkpoint.size} records are not those that the anchor "${anchor}" knows: it was rewritten`,
    )
  }
  return undefined
}

/** True when the stored hashes lead from the one signed root to the other. Were they wrong, they would not. */
function* leadsTo(disk: Disk, folder: string, from: Signed, to: Signed): Steps<boolean> {
  const edge = readEdge(disk, folder, from.size)
  if (!edge) return false
  const tree = frontierOfEdge(from.size, edge)
  if (!equalBytes(tree.root(), from.root)) return false
  while (tree.size < to.size) {
    const tile = readWidest(disk, folder, 0, Math.floor(tree.size / TILE_WIDTH))
    const slot = tree.size % TILE_WIDTH
    const end = Math.min((tile?.length ?? 0) / HASH_BYTES, slot + to.size - tree.size)
    if (!tile || end <= slot) return false
    for (let at = slot; at < end; at++) tree.append(tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))
    yield breathe
  }
  return equalBytes(tree.root(), to.root)
}

function believed(own: OwnLog, elsewhere: readonly Elsewhere[]) {
  return elsewhere.flatMap(({ anchor, note }) => {
    const checkpoint = ownCheckpoint(own, note)
    return checkpoint ? [{ anchor, checkpoint }] : []
  })
}

function found(
  anchor: string,
  { size: knownSize, note: knownCheckpoint }: { size: number; note: string },
  size: number,
  problem: string,
): Contradiction {
  return { kind: 'rollback', problem, rollback: { size, anchor, knownSize, knownCheckpoint } }
}
