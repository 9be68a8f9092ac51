// Reads a log folder (names: writers/file/layout.ts) in big pieces, without ever holding more than two of them. The next
// piece is read from disk while the current one is being hashed.
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { tilePath } from '@trailproof/tlog'
import { parsePurgeRecord } from '../retention/purge-record.js'
import {
  ANCHORS,
  CHECKPOINT,
  CHECKPOINT_HISTORY,
  PURGED,
  parseWitnessedName,
  SEGMENTS,
  segmentsAmong,
  VKEY,
} from '../writers/file/layout.js'
import { FolderFiles } from './folder-files.js'
import { type Chunk, lineEnds, type Reader } from './reader.js'

const PIECE = 1024 * 1024
/** The newest is what matters; whoever fills the folder with larger names only hides it, and verify says that it is not there. */
const MAX_WITNESSED = 64
const SLACK = 64 * 1024 // room for half a line, which differs from piece to piece

/**
 * A log folder as a Reader. Missing files read as empty; a folder that cannot be read rejects with the system's error.
 *
 * @param dir - the folder of one log, as `audit/shop-0`
 */
export function folderReader(dir: string): Reader {
  const files = new FolderFiles(dir)
  const listings = new Map<string, Promise<Set<string>>>()
  return {
    name: basename(resolve(dir)),
    begin: () => beginOf(files, dir),
    read: (from) => readSegments(files, dir, from),
    notes: () => files.textPieces(join(dir, CHECKPOINT_HISTORY)),
    newest: () => files.text(join(dir, CHECKPOINT)),
    vkey: () => files.text(join(dir, VKEY)),
    tile: (level, index) => storedTiles(files, dir, listings, level, index),
    witnessed: () => witnessedNotes(files, join(dir, ANCHORS)),
    condition: () => files.condition(),
    receipts: {
      names: async () => (await files.names(join(dir, ANCHORS))).filter((name) => !name.startsWith('.')).sort(),
      read: (name) => files.receipt(join(dir, ANCHORS, name)),
    },
  }
}

async function witnessedNotes(files: FolderFiles, folder: string): Promise<string[]> {
  const names = (await files.names(folder)).filter((name) => parseWitnessedName(name) !== undefined)
  const newest = names.sort().reverse().slice(0, MAX_WITNESSED)
  const notes: string[] = []
  for (const name of newest) {
    const note = await files.text(join(folder, name))
    if (note !== undefined) notes.push(note)
  }
  return notes
}

// As the writer finds it (writers/file/purged.ts): segments below it are on their way out, or were put back.
async function beginOf(files: FolderFiles, dir: string): Promise<number> {
  const line = Buffer.from((await files.text(join(dir, PURGED))) ?? '')
  const purged = line.at(-1) === 0x0a ? parsePurgeRecord(line.subarray(0, -1)) : undefined
  const [first] = segmentsAmong(await files.names(join(dir, SEGMENTS)))
  return Math.max(purged?.to ?? 0, first?.first ?? 0)
}

async function* readSegments(files: FolderFiles, dir: string, from: number): AsyncGenerator<Chunk> {
  const segments = segmentsAmong(await files.names(join(dir, SEGMENTS)))
  for (const [i, { first, name }] of segments.entries()) {
    const limit = segments[i + 1]?.first ?? Number.POSITIVE_INFINITY
    if (limit <= from) continue
    const file = await files.open(join(dir, SEGMENTS, name))
    if (file) yield* readSegment(file, first, limit, from)
  }
}

async function* readSegment(file: FileHandle, segment: number, limit: number, from: number): AsyncGenerator<Chunk> {
  let next = segment
  for await (const { bytes, rest } of wholeLines(file)) {
    const ends = lineEnds(bytes)
    const skip = Math.min(Math.max(0, from - next), ends.length)
    const start = skip === 0 ? 0 : ends[skip - 1]! + 1
    const kept = { bytes: bytes.subarray(start), ends: skip === 0 ? ends : ends.slice(skip).map((end) => end - start) }
    if (kept.ends.length > 0 || rest) yield { first: next + skip, segment, limit, ...kept, rest }
    next += ends.length
  }
}

interface Whole {
  bytes: Uint8Array
  rest?: Uint8Array | undefined
}

// Bytes up to the last `\n` of each piece; half a line goes before the next piece. Two buffers take turns: one is lent out
// while the other fills. No record is as long as a piece, so a piece without `\n` is garbage, and what follows it unreadable.
async function* wholeLines(file: FileHandle): AsyncGenerator<Whole> {
  try {
    let held: Uint8Array = new Uint8Array(0)
    let spare: Buffer = Buffer.allocUnsafe(0)
    let ahead = readPiece(file, held, spare)
    for (;;) {
      const { buffer, length, ended } = await ahead
      const bytes = buffer.subarray(0, length)
      const end = bytes.lastIndexOf(0x0a) + 1
      held = bytes.subarray(end)
      if (ended || end === 0) {
        yield { bytes: bytes.subarray(0, end), rest: held.length > 0 ? held : undefined }
        return
      }
      ahead = readPiece(file, held, spare)
      ahead.catch(() => {}) // a failure is met when it is awaited; until then it must not count as unhandled
      spare = buffer
      yield { bytes: bytes.subarray(0, end) }
    }
  } finally {
    await file.close()
  }
}

async function readPiece(
  file: FileHandle,
  held: Uint8Array,
  spare: Buffer,
): Promise<{ buffer: Buffer; length: number; ended: boolean }> {
  const wanted = held.length + PIECE
  const buffer = spare.length >= wanted ? spare : Buffer.allocUnsafe(wanted + SLACK)
  buffer.set(held)
  let length = held.length
  while (length < wanted) {
    const { bytesRead } = await file.read(buffer, length, wanted - length)
    if (bytesRead === 0) return { buffer, length, ended: true }
    length += bytesRead
  }
  return { buffer, length, ended: false }
}

async function storedTiles(
  files: FolderFiles,
  dir: string,
  listings: Map<string, Promise<Set<string>>>,
  level: number,
  index: number,
): Promise<Uint8Array[]> {
  const path = join(dir, tilePath(level, index))
  const names = await listed(files, listings, dirname(path))
  const name = basename(path)
  const partials = names.has(`${name}.p`) ? await files.names(`${path}.p`) : []
  const widths = partials.filter((width) => /^[1-9][0-9]{0,2}$/.test(width)).map((width) => join(`${path}.p`, width))
  return [...(names.has(name) ? [path] : []), ...widths]
    .map((name) => files.bytes(name))
    .filter((bytes) => bytes !== undefined)
}

// One listing serves a thousand tiles. It may be older than a tile of a running log, which then reads as missing.
function listed(files: FolderFiles, listings: Map<string, Promise<Set<string>>>, folder: string): Promise<Set<string>> {
  let names = listings.get(folder)
  if (!names) {
    names = files.names(folder).then((list) => new Set(list))
    if (listings.size >= 16) listings.delete(listings.keys().next().value!)
    listings.set(folder, names)
  }
  return names
}
