// Reads a log folder (names: writers/file/layout.ts) in big pieces, without ever holding more than two of them. The next
// piece is read from disk while the current one is being hashed.
import { createReadStream, readFileSync } from 'node:fs'
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { tilePath } from '@trailproof/tlog'
import { CHECKPOINT, CHECKPOINT_HISTORY, SEGMENTS, segmentsAmong, VKEY } from '../writers/file/layout.js'
import { type Chunk, lineEnds, type Reader } from './reader.js'

const PIECE = 1024 * 1024
const SLACK = 64 * 1024 // room for half a line, which differs from piece to piece

/**
 * A log folder as a Reader. Missing files read as empty; a folder that cannot be read rejects with the system's error.
 *
 * @param dir - the folder of one log, as `audit/shop-0`
 */
export function folderReader(dir: string): Reader {
  const listings = new Map<string, Promise<Set<string>>>()
  return {
    name: basename(resolve(dir)),
    read: (from) => readSegments(dir, from),
    notes: () => textPieces(join(dir, CHECKPOINT_HISTORY)),
    newest: () => textOf(join(dir, CHECKPOINT)),
    vkey: () => textOf(join(dir, VKEY)),
    tile: (level, index) => storedTiles(dir, listings, level, index),
  }
}

async function* readSegments(dir: string, from: number): AsyncGenerator<Chunk> {
  const segments = segmentsAmong(await namesIn(join(dir, SEGMENTS)))
  for (const [i, { first, name }] of segments.entries()) {
    const limit = segments[i + 1]?.first ?? Number.POSITIVE_INFINITY
    if (limit <= from) continue
    yield* readSegment(join(dir, SEGMENTS, name), first, limit, from)
  }
}

async function* readSegment(path: string, segment: number, limit: number, from: number): AsyncGenerator<Chunk> {
  let next = segment
  for await (const { bytes, rest } of wholeLines(path)) {
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
async function* wholeLines(path: string): AsyncGenerator<Whole> {
  const file = await open(path, 'r')
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

// Only what stands there now: a running log goes on signing, and its later checkpoints are about lines that were not read.
async function* textPieces(path: string): AsyncGenerator<string> {
  const size = (await orElse(stat(path), undefined))?.size ?? 0
  if (size === 0) return
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 64 * 1024, end: size - 1 })
  try {
    for await (const piece of stream) yield piece as string
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

async function storedTiles(
  dir: string,
  listings: Map<string, Promise<Set<string>>>,
  level: number,
  index: number,
): Promise<Uint8Array[]> {
  const path = join(dir, tilePath(level, index))
  const names = await listed(listings, dirname(path))
  const name = basename(path)
  const partials = names.has(`${name}.p`) ? await namesIn(`${path}.p`) : []
  const widths = partials.filter((width) => /^[1-9][0-9]{0,2}$/.test(width)).map((width) => join(`${path}.p`, width))
  return [...(names.has(name) ? [path] : []), ...widths].map(bytesOf).filter((bytes) => bytes !== undefined)
}

// One listing serves a thousand tiles. It may be older than a tile of a running log, which then reads as missing.
function listed(listings: Map<string, Promise<Set<string>>>, folder: string): Promise<Set<string>> {
  let names = listings.get(folder)
  if (!names) {
    names = namesIn(folder).then((list) => new Set(list))
    if (listings.size >= 16) listings.delete(listings.keys().next().value!)
    listings.set(folder, names)
  }
  return names
}

const namesIn = (folder: string): Promise<string[]> => orElse(readdir(folder), [])
const textOf = (path: string): Promise<string | undefined> => orElse(readFile(path, 'utf8'), undefined)

// At once: for 8 KiB the four trips to the thread pool that a promise makes cost more than the reading.
function bytesOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function orElse<T, U>(found: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await found
  } catch (error) {
    if (isMissing(error)) return otherwise
    throw error
  }
}

const isMissing = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
