// Removing what was found purgeable and is recorded as purged. The order of steps lets no crash look like tampering:
//
//   tiles durable ─► signed record, under a synced checkpoint ─► `purged` names it ─► segments, oldest first, one by one
//
// Stopped anywhere, the log is whole: lines are there that may go, and the next run removes them.
import { dirname, join } from 'node:path'
import { encodeHex, TILE_WIDTH, tilePath } from '@trailproof/tlog'
import { leafHashIn } from '../../log/crypto.js'
import type { Disk } from './disk.js'
import { replaceFile, replaceUnnamed, syncFolder } from './durable.js'
import { PURGED, SEGMENTS, segmentsAmong, TILES } from './layout.js'
import { scanLines } from './scan.js'
import { breathe, type Steps } from './steps.js'
import { readTile } from './tiles.js'

/**
 * Makes the tiles of leaves `[from, to)` durable: until now the lines were, and tiles could be made from them again.
 * They are written afresh, since what can be read of a file may never have reached the disk.
 *
 * @throws Error when a tile is missing; nothing was removed
 */
export function* keepTiles(disk: Disk, folder: string, from: number, to: number): Steps<void> {
  const folders = new Set<string>()
  for (let span = TILE_WIDTH, level = 0; level === 0 || span <= to; span *= TILE_WIDTH, level++) {
    const end = level === 0 ? Math.ceil(to / span) : Math.floor(to / span)
    for (let index = Math.floor(from / span); index < end; index++) {
      const bytes = readTile(disk, folder, { level, index, width: TILE_WIDTH })
      if (!bytes) throw new Error(`tile ${level}/${index} is missing`)
      const path = join(folder, tilePath(level, index))
      yield* replaceUnnamed(disk, path, (put) => put(bytes))
      folders.add(dirname(path))
    }
  }
  for (const path of withParents(folders, join(folder, TILES))) yield* syncFolder(disk, path)
  yield* syncFolder(disk, folder)
}

/** The folders and all above them up to `top`, deepest first. */
function withParents(folders: ReadonlySet<string>, top: string): string[] {
  const all = new Set<string>()
  for (const folder of folders) for (let path = folder; path.length >= top.length; path = dirname(path)) all.add(path)
  return [...all].sort((a, b) => b.length - a.length)
}

/**
 * Copies the purge record at `index` to `purged`, so that opening need not look for it.
 *
 * @param leafHash - of its line, hex, as the receipt says
 * @throws Error when that line is not there
 */
export function* namePurged(disk: Disk, folder: string, index: number, leafHash: string): Steps<void> {
  const segment = segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? []).findLast(({ first }) => first <= index)
  let next = segment?.first ?? 0
  let line: Buffer | undefined
  if (segment)
    yield* scanLines(disk, join(folder, SEGMENTS, segment.name), (buffer, start, end) => {
      if (next === index && encodeHex(leafHashIn(buffer, start, end)) === leafHash)
        line = Buffer.from(buffer.subarray(start, end + 1))
      return next++ < index
    })
  if (!line) throw new Error(`record ${index} is not where its receipt says`)
  const bytes = line
  yield* replaceFile(disk, join(folder, PURGED), (put) => put(bytes))
}

/** Removes the segments below `to`, oldest first. @returns how many there were */
export function* removeSegments(disk: Disk, folder: string, to: number): Steps<number> {
  const seg = join(folder, SEGMENTS)
  const segments = segmentsAmong(disk.list(seg) ?? []).filter(({ first }) => first < to)
  for (const { name } of segments) {
    disk.remove(join(seg, name))
    yield* syncFolder(disk, seg) // each by itself, or a power cut could bring an older one back and not a younger
    yield breathe
  }
  return segments.length
}
