// Which segments retention may remove: closed ones, from the beginning of the log on, whose every record is old enough and
// lies below a synced checkpoint. Nothing is taken on trust, since what is removed can never be looked at again: each line is
// hashed once more and held against the stored tiles. Nothing is changed here.
import { join } from 'node:path'
import { type Frontier, TILE_WIDTH, type TileData, TileEdge } from '@trailproof/tlog'
import { hasher, leafHashIn } from '../../log/crypto.js'
import type { Disk } from './disk.js'
import { SEGMENTS, type Segment, segmentsAmong } from './layout.js'
import type { PurgedFile } from './purged.js'
import { lastLine, scanLines, timeOfLine } from './scan.js'
import { breathe, type Steps } from './steps.js'
import { frontierOfEdge, keptEdge, readTile } from './tiles.js'

/** Lines that may go: leaves `[from, to)`, whole segments. */
export interface Purgeable {
  from: number
  to: number
  segments: Segment[]
  bytes: number
  /** RFC 6962 root of the first `to` leaves. */
  root: Uint8Array
  /** `time` of the newest record below `to`. */
  newest: string
}

/** One record names so many segments at most; the next run takes the next ones. */
const MAX_SEGMENTS = 64

/**
 * @param purged - what was purged before
 * @param before - milliseconds since 1970: only records older than this
 * @param all - more than one record could name
 * @param below - only leaves below this one: the size of a checkpoint that is durable (and anchored, where there are anchors)
 * @returns a text when lines and tiles do not agree: then nothing may be removed
 */
export function* findPurgeable(
  disk: Disk,
  folder: string,
  purged: PurgedFile | undefined,
  { before, below, all }: { before: number; below: number; all: boolean },
): Steps<Purgeable | undefined | string> {
  const from = purged?.to ?? 0
  const segments = segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? []).filter(({ first }) => first >= from)
  const edge = keptEdge(disk, folder, from)
  if (!edge) return `hash tiles of records below ${from} are missing`
  const tree = { tiles: new TileEdge(hasher, from, edge), frontier: frontierOfEdge(from, edge) }
  let newest = purged ? Date.parse(purged.newest) : Number.NEGATIVE_INFINITY
  let found: Purgeable | undefined
  for (const [i, segment] of segments.slice(0, all ? segments.length : MAX_SEGMENTS).entries()) {
    const to = segments[i + 1]?.first ?? Number.POSITIVE_INFINITY
    const path = join(folder, SEGMENTS, segment.name)
    // The tile in which the rest begins must be a full one: it is kept for both sides.
    if (Math.ceil(to / TILE_WIDTH) * TILE_WIDTH > below) break
    if (timeOf(lastLine(disk, path)) >= before) break // spares reading the first young segment every day
    const times = yield* newestIn(disk, path, segment.first, to, tree)
    if (typeof times === 'string') return times
    newest = Math.max(newest, times)
    if (newest >= before) break
    const differs = yield* differsFromStored(disk, folder, tree.tiles.take())
    if (differs) return `${differs} does not fit the lines`
    found = {
      from,
      to,
      segments: [...(found?.segments ?? []), segment],
      bytes: (found?.bytes ?? 0) + (disk.stat(path)?.size ?? 0),
      root: tree.frontier.root(),
      newest: new Date(newest).toISOString(),
    }
  }
  return found
}

/** The newest time in a segment, whose lines go into the tree; Infinity when a line has none, so that it stays. */
function* newestIn(
  disk: Disk,
  path: string,
  first: number,
  to: number,
  tree: { tiles: TileEdge; frontier: Frontier },
): Steps<number | string> {
  let newest = Number.NEGATIVE_INFINITY
  let next = first
  yield* scanLines(disk, path, (buffer, start, end) => {
    if (next >= to) return false
    newest = Math.max(newest, timeOf(buffer.subarray(start, end)))
    const leaf = leafHashIn(buffer, start, end)
    tree.tiles.append(leaf)
    tree.frontier.append(leaf)
    next++
    return true
  })
  return next === to ? newest : `record ${next} is missing`
}

/** Whole milliseconds, rounded up: a record is never taken for older than it is. */
function timeOf(line: Uint8Array | undefined): number {
  const time = timeOfLine(line)
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time + 1
}

function* differsFromStored(disk: Disk, folder: string, tiles: readonly TileData[]): Steps<string | undefined> {
  for (const [i, { level, index, width, bytes }] of tiles.entries()) {
    // Level 0, and what is full: these are kept. Partial tiles above are made from them.
    const needed = level === 0 || width === TILE_WIDTH
    const stored = readTile(disk, folder, { level, index, width: needed ? TILE_WIDTH : width })
    if (needed ? !stored : false) return `tile ${level}/${index}, which is missing or not full,`
    if (stored && Buffer.compare(bytes, stored.subarray(0, bytes.length)) !== 0) return `tile ${level}/${index}`
    if (i % 64 === 63) yield breathe
  }
  return undefined
}
