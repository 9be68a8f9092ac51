// Bringing a sound log into the state from which it is appended to. Every step may be the last one before a crash, and
// then the next opening finds a folder that says the same: nothing is removed before its copy is durable under its name.
import { join } from 'node:path'
import { equalBytes, TileEdge } from '@trailproof/tlog'
import { hasher, leafHashIn } from '../../log/crypto.js'
import type { Head } from '../writer.js'
import type { SoundLog } from './assess.js'
import { CheckpointStore } from './checkpoints.js'
import type { Disk } from './disk.js'
import { ensureFolder, readPieces, replaceFile, syncFolder } from './durable.js'
import { forgetDurableTiles } from './durable-tiles.js'
import { CHECKPOINT, QUARANTINE, SEGMENTS, segmentName, segmentsAmong, TEMPORARY, TILES } from './layout.js'
import { quarantine, quarantineBytes, quarantinedSince } from './quarantine.js'
import { firstLine, scanLines, timeOfLine } from './scan.js'
import type { Steps } from './steps.js'
import { keptEdge, TileStore, tryStore } from './tiles.js'
import { addVkey } from './vkeys.js'

/** A segment that lines may be added to. */
export interface LastSegment {
  first: number
  bytes: number
  lines: number
  /** Time of its first line, milliseconds since 1970, as far as that can be told; else the beginning of time. */
  begunAt: number
}

export interface Recovered {
  head: Head
  last: LastSegment | undefined
  checkpoints: CheckpointStore
  tiles: TileStore
}

export function* recover(disk: Disk, folder: string, log: SoundLog, publicKey: Uint8Array): Steps<Recovered> {
  for (const name of [SEGMENTS, TILES, QUARANTINE]) yield* ensureFolder(disk, join(folder, name))
  removeTemporary(disk, folder)
  removeTemporary(disk, join(folder, SEGMENTS))
  yield* setAside(disk, folder, log)
  yield* copyUnsigned(disk, folder, log)
  yield* cutOff(disk, folder, log)
  const { historySynced, loose } = log.checkpoints
  const checkpoints = new CheckpointStore(disk, folder, historySynced, loose)
  try {
    yield* takeUpCheckpoints(disk, folder, log, checkpoints)
    const tiles = yield* takeUpTiles(disk, folder, log)
    if (log.hand === 'next') yield* addVkey(disk, folder, log.origin, publicKey) // a crash came before this step
    return { head: headOf(disk, folder, log, publicKey), last: lastSegment(disk, folder, log), checkpoints, tiles }
  } catch (error) {
    yield* checkpoints.close() // opening is tried again and again: it must not use a descriptor up each time
    throw error
  }
}

function headOf(disk: Disk, folder: string, log: SoundLog, publicKey: Uint8Array): Head {
  const aside = quarantinedSince(disk, folder, log.signedSize)
  const found = log.size > log.signedSize || aside.names.length > 0
  const recovered = {
    from: log.signedSize,
    to: log.size,
    quarantinedBytes: aside.bytes,
    ...(aside.names.length > 0 && { quarantine: aside.names.join(', ') }),
  }
  return {
    size: log.size,
    frontier: log.frontier.hashes,
    signedSize: log.signedSize,
    ...(!equalBytes(log.firstKey, publicKey) && { firstKey: log.firstKey }),
    ...(log.hand === 'previous' && { previousKeySigns: true }),
    ...(found && { recovered }),
  }
}

/** Copies what does not count to quarantine/. A crash here: it is copied again next time. */
function* setAside(disk: Disk, folder: string, { pieces, size }: SoundLog): Steps<void> {
  for (const [i, piece] of pieces.entries()) {
    if (piece.keep === piece.bytes) continue
    const kind = pieces[i + 1]?.lines ? 'superseded' : 'torn'
    yield* quarantine(disk, folder, size, kind, join(folder, SEGMENTS, piece.name), piece.keep, piece.bytes)
  }
}

/**
 * Writes lines that no checkpoint covers to fresh files: what we read of them may never have reached the disk, if the
 * last process died of a failed fsync (ATC'20, "Can applications recover from fsync failures?").
 * A crash here: the copy counts, since a later segment wins, or it has replaced a file with the same lines.
 */
function* copyUnsigned(disk: Disk, folder: string, { pieces, signedSize }: SoundLog): Steps<void> {
  for (const piece of pieces) {
    if (piece.unsignedAt === piece.keep) continue
    const from = join(folder, SEGMENTS, piece.name)
    const to = join(folder, SEGMENTS, segmentName(Math.max(piece.first, signedSize)))
    yield* replaceFile(disk, to, (put) => readPieces(disk, from, piece.unsignedAt, piece.keep, put))
  }
}

/** Removes what stands in quarantine/ or in a fresh file by now. */
function* cutOff(disk: Disk, folder: string, { pieces, signedSize }: SoundLog): Steps<void> {
  let removed = false
  for (const piece of pieces) {
    const path = join(folder, SEGMENTS, piece.name)
    if (piece.lines === 0) {
      disk.remove(path)
      removed = true
    } else if (piece.first < signedSize && piece.bytes > piece.unsignedAt) {
      yield* truncate(disk, path, piece.unsignedAt)
    } // else: nothing to cut, or the fresh file already stands in its place
  }
  if (removed) yield* syncFolder(disk, join(folder, SEGMENTS))
}

function* truncate(disk: Disk, path: string, size: number): Steps<void> {
  const fd = disk.open(path, 'edit')
  try {
    disk.truncate(fd, size)
    yield { do: 'sync', fd }
  } finally {
    yield { do: 'close', fd }
  }
}

function* takeUpCheckpoints(
  disk: Disk,
  folder: string,
  { checkpoints, size }: SoundLog,
  store: CheckpointStore,
): Steps<void> {
  const { newest, newestIsSynced, torn } = checkpoints
  if (torn.length > 0) yield* quarantineBytes(disk, folder, size, 'checkpoints', torn)
  yield* store.open(torn.length > 0)
  // The history first: where `checkpoint` stands in it, all before it is taken for whole and durable.
  if (newest && !newestIsSynced)
    yield* replaceFile(disk, join(folder, CHECKPOINT), (put) => put(Buffer.from(newest.note)))
}

function* takeUpTiles(disk: Disk, folder: string, { edge, begin, durableTiles }: SoundLog): Steps<TileStore> {
  const from = edge ?? new TileEdge(hasher, begin, keptEdge(disk, folder, begin))
  const tiles = new TileStore(disk, folder, from, durableTiles)
  yield* forgetDurableTiles(disk, folder, durableTiles)
  if (edge) yield* tryStore(tiles)
  else yield* rebuildTiles(disk, folder, begin, tiles)
  tiles.tidy()
  return tiles
}

/** All tiles anew from the lines, one segment at a time. Called after the cut, when files hold just the lines that count. */
function* rebuildTiles(disk: Disk, folder: string, begin: number, tiles: TileStore): Steps<void> {
  for (const { first, name } of segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? [])) {
    if (first < begin) continue // purged, and not yet removed
    yield* scanLines(disk, join(folder, SEGMENTS, name), (buffer, from, to) => {
      tiles.appendAll(leafHashIn(buffer, from, to))
      return true
    })
    yield* tryStore(tiles)
  }
}

function removeTemporary(disk: Disk, folder: string): void {
  for (const name of disk.list(folder) ?? []) if (name.endsWith(TEMPORARY)) disk.remove(join(folder, name))
}

function lastSegment(disk: Disk, folder: string, { size }: SoundLog): LastSegment | undefined {
  const last = segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? []).at(-1)
  if (!last) return undefined
  const path = join(folder, SEGMENTS, last.name)
  const time = timeOfLine(firstLine(disk, path))
  const begunAt = Number.isNaN(time) ? 0 : time
  return { first: last.first, bytes: disk.stat(path)!.size, lines: size - last.first, begunAt }
}
