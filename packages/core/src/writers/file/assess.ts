// Judging what a folder holds, without changing a byte of it: below the newest checkpoint everything must be there and
// give its root; above it, whole lines count and the rest is what a crash tore.
import { basename, join } from 'node:path'
import { edgeTiles, equalBytes, type Frontier, TileEdge } from '@trailproof/tlog'
import { hasher, leafHashIn } from '../../log/crypto.js'
import type { Elsewhere, Head } from '../writer.js'
import { citedCheckpoint, type FoundCheckpoints, readCheckpoints } from './checkpoints.js'
import type { Disk } from './disk.js'
import { fullTilesAreRight, readDurableTiles } from './durable-tiles.js'
import { fork, rollback } from './elsewhere.js'
import { type Hand, handOf, rotationAt } from './hand.js'
import { CHECKPOINT, CHECKPOINT_HISTORY, SEGMENTS, type Segment, segmentsAmong, VKEY } from './layout.js'
import { beginOf, Excuse, type PurgedFile, readPurged, standsInTiles } from './purged.js'
import { endsFit, isWholeLine, saysSeq, scanLines } from './scan.js'
import { SignsOfCheckpoints } from './signs.js'
import type { Steps } from './steps.js'
import { frontierOfEdge, keptEdge, reachBeyond, readEdge } from './tiles.js'
import { readVkeys } from './vkeys.js'

export type Assessment =
  /** Nothing was ever written: its creation never finished. `origin` when it got that far. */
  | { state: 'unfinished'; origin?: string }
  | { state: 'damaged'; previous: Previous }
  | { state: 'sound'; log: SoundLog }

export interface SoundLog {
  origin: string
  checkpoints: FoundCheckpoints
  signedSize: number
  /** The first key in log.vkey. */
  firstKey: Uint8Array
  /** Which of the keys it was opened with has to sign next. */
  hand: Hand
  /** Index of the first line: 0, or where a signed record says that those before were purged. */
  begin: number
  /** Leaves that count. */
  size: number
  frontier: Frontier
  /** Right edge of the tiles at `size`; undefined: the tiles must be rebuilt. */
  edge: TileEdge | undefined
  /** Leaves whose full tiles are durable. */
  durableTiles: number
  pieces: Piece[]
}

/** What counts of one segment file. */
export interface Piece extends Segment {
  /** Lines that count. */
  lines: number
  /** Bytes that count, from the start. */
  keep: number
  /** Where the lines begin that no checkpoint covers; equals `keep` when there are none. */
  unsignedAt: number
  /** Bytes in the file. */
  bytes: number
}

type Previous = NonNullable<Head['previous']>

type Problem = Pick<Previous, 'kind' | 'problem' | 'index' | 'rollback'>

export interface AssessOptions {
  /** Last part of the origin of every log that belongs here. */
  slot: string
  publicKey: Uint8Array
  previousKey?: Uint8Array | undefined
  maxUnsignedMs?: number | undefined
  /** Checkpoints that anchors know. */
  elsewhere?: readonly Elsewhere[] | undefined
}

export function* assess(disk: Disk, folder: string, options: AssessOptions): Steps<Assessment> {
  const vkeys = readVkeys(disk, folder)
  const odd = oddOneAmong(disk, folder)
  if (odd) return damaged(disk, folder, vkeys?.origin, odd)
  const segments = segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? []).map((segment) => ({
    ...segment,
    bytes: disk.stat(join(folder, SEGMENTS, segment.name))?.size ?? 0,
  }))
  const isEmpty =
    segments.every(({ bytes }) => bytes === 0) &&
    !disk.stat(join(folder, CHECKPOINT)) &&
    !disk.stat(join(folder, CHECKPOINT_HISTORY))?.size
  if (!vkeys)
    return isEmpty
      ? { state: 'unfinished' }
      : damaged(disk, folder, undefined, { kind: 'key', problem: 'log.vkey is missing or not a key' })
  const { origin } = vkeys
  const keys = [options.publicKey, ...(options.previousKey ? [options.previousKey] : [])]
  if (!keys.some((key) => equalBytes(vkeys.keys.at(-1)!, key)))
    return damaged(disk, folder, origin, { kind: 'key', problem: 'signed with another key' })
  // A copied folder: two processes would sign two different logs under one origin.
  if (origin.split('/').at(-1) !== options.slot)
    return damaged(disk, folder, origin, { kind: 'slot', problem: 'it belongs to another slot' })
  // Tiles come after their lines are durable, so no crash leaves them alone.
  const known = { own: { origin, publicKeys: [...keys, ...vkeys.keys] }, elsewhere: options.elsewhere ?? [] }
  if (isEmpty && !reachBeyond(disk, folder, 0)) {
    const emptied = rollback(known, undefined)
    return emptied ? damaged(disk, folder, origin, emptied) : { state: 'unfinished', origin }
  }

  const checkpoints = readCheckpoints(disk, folder, { origin, keys })
  if (typeof checkpoints === 'string')
    return damaged(disk, folder, origin, { kind: 'checkpoint', problem: checkpoints })
  const { newest } = checkpoints
  const scanUpTo = (signed: typeof newest) =>
    new Scan(disk, folder, segments, signed, readPurged(disk, folder), options.maxUnsignedMs)
  const scan = scanUpTo(newest)
  const found = (yield* scan.fast()) ?? (yield* scan.all())
  if ('problem' in found) return damaged(disk, folder, origin, found, newest?.note)
  const signedSize = newest?.size ?? 0
  const next = rotationAt(disk, folder, found.pieces, signedSize)
  const hand = handOf({ vkeys, signer: newest?.key, next, ...options })
  if (typeof hand === 'object') return damaged(disk, folder, origin, { kind: 'key', ...hand }, newest?.note)
  const rolledBack =
    rollback(known, newest) ??
    (yield* fork(disk, folder, known, newest, function* (signed) {
      return !('problem' in (yield* scanUpTo({ ...newest!, ...signed }).all()))
    }))
  if (rolledBack) return damaged(disk, folder, origin, rolledBack, newest?.note)
  return { state: 'sound', log: { origin, firstKey: vkeys.keys[0]!, checkpoints, signedSize, hand, ...found } }
}

/** What is neither missing nor a plain file, where one is expected: opening it might block the process for ever. */
function oddOneAmong(disk: Disk, folder: string): Problem | undefined {
  const seg = join(folder, SEGMENTS)
  for (const path of [folder, seg]) {
    const facts = disk.stat(path)
    if (facts && !facts.isFolder) return { kind: 'records', problem: `${basename(path)} is not a folder` }
  }
  const expected: [string, Previous['kind']][] = [
    [VKEY, 'key'],
    [CHECKPOINT, 'checkpoint'],
    [CHECKPOINT_HISTORY, 'checkpoint'],
    ...segmentsAmong(disk.list(seg) ?? []).map(({ name }): [string, Previous['kind']] => [
      join(SEGMENTS, name),
      'records',
    ]),
  ]
  for (const [name, kind] of expected) {
    const facts = disk.stat(join(folder, name))
    if (facts && !facts.isFile) return { kind, problem: `${name} is not a regular file` }
  }
  return undefined
}

function damaged(
  disk: Disk,
  folder: string,
  origin: string | undefined,
  { kind, problem, index, rollback }: Problem,
  verified?: string,
): Assessment {
  const checkpoint = verified ?? citedCheckpoint(disk, folder)
  const name = origin ?? checkpoint?.split('\n')[0] ?? folder
  return {
    state: 'damaged',
    previous: {
      origin: name,
      kind,
      problem,
      ...(checkpoint !== undefined && { checkpoint }),
      ...(index !== undefined && { index }),
      ...(rollback && { rollback }),
    },
  }
}

/** Up to here all tiles are made in memory while the lines are read. */
const SMALL_LOG_BYTES = 128 * 1024 * 1024

type SizedSegment = Segment & { bytes: number }
type Found = Pick<SoundLog, 'begin' | 'size' | 'frontier' | 'edge' | 'durableTiles' | 'pieces'>

/** Goes over the lines and compares the root where the newest checkpoint stands. */
class Scan {
  readonly #disk: Disk
  readonly #folder: string
  readonly #segments: SizedSegment[]
  readonly #signed: { size: number; root: Uint8Array }
  readonly #maxUnsignedMs: number | undefined
  readonly #purged: PurgedFile | undefined
  readonly #begin: number
  #signs: SignsOfCheckpoints | undefined

  constructor(
    disk: Disk,
    folder: string,
    segments: SizedSegment[],
    signed: { size: number; root: Uint8Array } | undefined,
    purged: PurgedFile | undefined,
    maxUnsignedMs: number | undefined,
  ) {
    this.#maxUnsignedMs = maxUnsignedMs
    this.#disk = disk
    this.#folder = folder
    this.#purged = purged
    this.#begin = beginOf(segments, purged)
    this.#segments = segments.filter(({ first }) => first >= this.#begin)
    this.#signed = signed ?? { size: 0, root: hasher.empty() }
  }

  /**
   * Hashes only the segment where the checkpoint stands and what follows; the tiles say what lies before. Were the tiles
   * wrong, the root would not come out as signed.
   *
   * @returns undefined when that does not work out, for whatever reason
   */
  *fast(): Steps<Found | undefined> {
    const start = this.#segments.findLastIndex(({ first }) => first <= this.#signed.size)
    const first = this.#segments[start]?.first
    const begin = this.#begin
    if (first === undefined || first === begin) return undefined
    const tiles = readEdge(this.#disk, this.#folder, first)
    if (!tiles) return undefined
    const durable = Math.max(begin, readDurableTiles(this.#disk, this.#folder))
    const edge = (level: number) => tiles[edgeTiles(first).findIndex((tile) => tile.level === level)]
    const extent = { size: first, from: begin, durable }
    if (!(yield* fullTilesAreRight(this.#disk, this.#folder, extent, edge))) return undefined
    const before = this.#segments.slice(0, start)
    if (
      !before.every((segment, i) => this.#endsFit(segment, this.#segments[i + 1]!.first)) ||
      before[0]?.first !== begin
    )
      return undefined
    const excuse = new Excuse(begin, this.#signed.size)
    const purged = this.#purged
    if (purged && purged.index < first && standsInTiles(this.#disk, this.#folder, purged))
      excuse.take(purged, purged.index)
    const found = yield* this.#scan(start, frontierOfEdge(first, tiles), new TileEdge(hasher, first, tiles), excuse)
    if ('problem' in found || durable > found.size) return undefined
    const whole = before.map((segment, i) => ({
      ...segment,
      lines: this.#segments[i + 1]!.first - segment.first,
      keep: segment.bytes,
      unsignedAt: segment.bytes,
    }))
    return { ...found, durableTiles: durable, pieces: [...whole, ...found.pieces] }
  }

  /** Hashes every line; for a large log the tiles are made in a second pass, once the lines are known to be right. */
  *all(): Steps<Found | Problem> {
    const isSmall = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0) <= SMALL_LOG_BYTES
    const begin = this.#begin
    const tiles = keptEdge(this.#disk, this.#folder, begin)
    if (!tiles)
      return { kind: 'records', problem: `records 0 to ${begin - 1} and their hash tiles are missing`, index: 0 }
    const edge = isSmall ? new TileEdge(hasher, begin, tiles) : undefined
    return yield* this.#scan(0, frontierOfEdge(begin, tiles), edge, new Excuse(begin, this.#signed.size))
  }

  #endsFit(segment: SizedSegment, next: number): boolean {
    return (
      segment.bytes > 0 &&
      endsFit(this.#disk, join(this.#folder, SEGMENTS, segment.name), segment.bytes, segment.first, next)
    )
  }

  *#scan(start: number, frontier: Frontier, edge: TileEdge | undefined, excuse: Excuse): Steps<Found | Problem> {
    const { size: signedSize, root } = this.#signed
    const pieces: Piece[] = []
    this.#signs = signedSize === 0 ? new SignsOfCheckpoints(this.#maxUnsignedMs) : undefined
    let oddOne: number | undefined // the first line below the checkpoint that does not bear its own number
    let over = false // behind the first torn line nothing counts
    let rootFits = frontier.size < signedSize || equalBytes(frontier.root(), root)
    for (const [i, segment] of this.#segments.entries()) {
      if (i < start || !rootFits) continue
      const limit = this.#segments[i + 1]?.first ?? Number.POSITIVE_INFINITY
      const piece: Piece = { ...segment, lines: 0, keep: 0, unsignedAt: 0 }
      pieces.push(piece)
      over ||= segment.first !== frontier.size
      if (over) continue
      let unsignedAt: number | undefined
      let offset = 0
      const visit = (buffer: Buffer, from: number, to: number) => {
        const index = frontier.size
        if (!rootFits || index >= limit) return false
        if (index >= signedSize) {
          if (!isWholeLine(buffer, from, to, index)) return false
          unsignedAt ??= offset
          this.#signs?.see(buffer.subarray(from, to))
        } else if (oddOne === undefined && !saysSeq(buffer, from, to, index)) oddOne = index
        excuse.see(buffer.subarray(from, to), index)
        const leaf = leafHashIn(buffer, from, to)
        frontier.append(leaf)
        edge?.append(leaf)
        offset += to - from + 1
        piece.lines++
        if (frontier.size === signedSize) rootFits = equalBytes(frontier.root(), root)
        return true
      }
      piece.keep = yield* scanLines(this.#disk, join(this.#folder, SEGMENTS, segment.name), visit)
      piece.unsignedAt = unsignedAt ?? piece.keep
      over = frontier.size !== limit
    }
    if (!rootFits)
      return {
        kind: 'records',
        problem: `the lines do not give the root of the checkpoint of ${signedSize}`,
        ...(oddOne !== undefined && { index: oddOne }),
      }
    if (frontier.size < signedSize)
      return {
        kind: 'records',
        problem: `lines are missing below the checkpoint of ${signedSize}`,
        index: oddOne ?? frontier.size,
      }
    if (!excuse.found)
      return {
        kind: 'records',
        problem: `records 0 to ${this.#begin - 1} are missing, and no signed record says that they were purged`,
        index: 0,
      }
    // Without a checkpoint anything would fit; signing it would make a forgery genuine.
    if (signedSize === 0 && (this.#signs?.found || reachBeyond(this.#disk, this.#folder, frontier.size)))
      return { kind: 'checkpoint', problem: 'its checkpoints are gone' }
    return { begin: this.#begin, size: frontier.size, frontier, edge, durableTiles: this.#begin, pieces }
  }
}
