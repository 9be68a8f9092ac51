// Retention: removes the oldest records of one log, by age, as whole segments, under a signed record in the log itself.
// The one function behind the option `retention` and `trailproof retain`.
import { join } from 'node:path'
import { consistencyProof, encodeBase64, openCheckpoint, tileHashReader, verifyConsistency } from '@trailproof/tlog'
import { TrailproofError } from '../../errors.js'
import { checkpointVerifier, hasher } from '../../log/crypto.js'
import { DAY_MS } from '../../retention/purge-record.js'
import type { Retained, RetainRequest } from '../writer.js'
import type { Disk } from './disk.js'
import { readSmall } from './durable.js'
import { CHECKPOINT, HOLD, logFoldersAmong, SEGMENTS, segmentsAmong } from './layout.js'
import { keepTiles, namePurged, removeSegments } from './purge.js'
import { findPurgeable, type Purgeable } from './purgeable.js'
import { readPurged, standsInTiles } from './purged.js'
import { type Steps, Task } from './steps.js'
import { readTile } from './tiles.js'
import { readVkeys } from './vkeys.js'

const MAX_NOTE_BYTES = 64 * 1024

/** A log folder on its disk, which this process holds. */
export interface HeldFolder {
  disk: Disk
  folder: string
}

/**
 * Removes the records of a log that are older than the limit, as far as they fill whole segments below a durable checkpoint.
 * Their hashes are kept, so the rest still verifies, and so does a removed record that somebody kept.
 *
 * @throws TRAILPROOF_NOT_PURGED a hold stands, or lines, tiles and checkpoint do not agree; no line was removed
 */
export async function retain(place: HeldFolder, request: RetainRequest): Promise<Retained> {
  const { disk, folder } = place
  const run = <T>(steps: Steps<T>): Promise<T> => new Task(disk, steps).done
  if (disk.stat(join(folder, HOLD)))
    throw notPurged(folder, 'a legal hold stands', 'remove the file "hold" once the hold is over', { held: true })
  const purged = readPurged(disk, folder)
  if (purged && !standsInTiles(disk, folder, purged)) throw disagree(folder, 'the file "purged" is of another log')
  const left = segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? []).filter(({ first }) => first < (purged?.to ?? 0))
  const resumed = request.record ? await run(removeSegments(disk, folder, purged?.to ?? 0)) : left.length

  const checkpoint = newestCheckpoint(place)
  if (!checkpoint) return { purged: undefined, resumed }
  const below = Math.min(checkpoint.size, request.anchoredSize ?? Number.POSITIVE_INFINITY)
  const before = request.now - request.olderThanDays * DAY_MS
  const found = await run(findPurgeable(disk, folder, purged, { before, below, all: !request.record }))
  if (typeof found === 'string') throw disagree(folder, found)
  if (!found) return { purged: undefined, resumed }
  await mustBeSigned(place, found, checkpoint)
  if (request.record) await carryOut(place, found, request, request.record)
  const { from, to, segments, bytes, newest } = found
  return { purged: { from, to, segments: segments.length, bytes, newest }, resumed }
}

async function carryOut(
  { disk, folder }: HeldFolder,
  { from, to, segments, root, newest }: Purgeable,
  { olderThanDays, by }: RetainRequest,
  record: NonNullable<RetainRequest['record']>,
): Promise<void> {
  const run = <T>(steps: Steps<T>): Promise<T> => new Task(disk, steps).done
  await run(keepTiles(disk, folder, from, to)) // a crash here: tiles as before
  const { index, leafHash } = await record({
    from,
    to,
    root: encodeBase64(root),
    newest,
    older_than_days: olderThanDays,
    segments: segments.map(({ name }) => name),
    by,
  }) // a crash here: a record of a purge that did not come about; the next run makes another
  await run(namePurged(disk, folder, index, leafHash)) // from here on the lines below `to` do not count
  await run(removeSegments(disk, folder, to)) // a crash here: the next run removes the rest
}

interface SignedRoot {
  size: number
  root: Uint8Array
}

/** The newest durable checkpoint; undefined for a log that has none yet. */
function newestCheckpoint({ disk, folder }: HeldFolder): SignedRoot | undefined {
  const note = readSmall(disk, join(folder, CHECKPOINT), MAX_NOTE_BYTES)?.toString('utf8')
  if (note === undefined) return undefined
  try {
    const { origin, keys } = readVkeys(disk, folder)!
    const verifiers = keys.map((key) => checkpointVerifier(origin, key))
    return openCheckpoint(note, verifiers, origin).checkpoint
  } catch {
    throw disagree(folder, 'the checkpoint is not one that this log signed')
  }
}

/** The lines that are to go must be the beginning of the tree that the checkpoint signs. */
async function mustBeSigned({ disk, folder }: HeldFolder, found: Purgeable, signed: SignedRoot): Promise<void> {
  const read = tileHashReader(hasher, signed.size, (level, index, width) => {
    const tile = readTile(disk, folder, { level, index, width })
    if (!tile) throw disagree(folder, `tile ${level}/${index} is missing`)
    return tile
  })
  const proof = await consistencyProof(hasher, found.to, signed.size, read)
  const claim = { first: found.to, second: signed.size, firstRoot: found.root, secondRoot: signed.root, proof }
  if (!verifyConsistency(hasher, claim))
    throw disagree(folder, `records 0 to ${found.to - 1} are not those that the checkpoint of ${signed.size} signs`)
}

const disagree = (folder: string, problem: string) =>
  notPurged(folder, problem, 'run trailproof verify; tiles alone are made again when the process starts anew')

/** @param facts - `held: true` where a legal hold is the reason, which is no fault; `problems` where the log does not verify */
export function notPurged(
  path: string,
  problem: string,
  hint: string,
  facts: { held?: true; problems?: readonly object[] } = {},
): TrailproofError {
  const message = `nothing was removed from ${path}: ${problem}`
  return new TrailproofError('TRAILPROOF_NOT_PURGED', message, { path, hint, ...facts })
}

/** The folder below `root` that holds the log of this origin; undefined when there is none. */
export function folderOf(disk: Disk, root: string, origin: string): string | undefined {
  const folders = logFoldersAmong(disk.list(root) ?? []).map(({ name }) => join(root, name))
  return folders.find((folder) => readVkeys(disk, folder)?.origin === origin)
}
