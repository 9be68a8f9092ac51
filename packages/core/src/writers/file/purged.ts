// Where the lines of a log begin when retention has removed the first of them. The file `purged` says it; the line that it
// copies must stand in the log, below a checkpoint, or the lines are missing.
import { join } from 'node:path'
import { equalBytes, TILE_WIDTH } from '@trailproof/tlog'
import { leafHashIn } from '../../log/crypto.js'
import { mayBePurgeRecord, type PurgeRecord, parsePurgeRecord } from '../../retention/purge-record.js'
import type { Disk } from './disk.js'
import { readSmall } from './durable.js'
import { PURGED, type Segment } from './layout.js'
import { readTile } from './tiles.js'

const MAX_LINE = 64 * 1024

/** The record that `purged` holds, and its leaf hash. */
export interface PurgedFile extends PurgeRecord {
  leafHash: Uint8Array
}

/** What `purged` says; undefined when there is none, or none that could be right. */
export function readPurged(disk: Disk, folder: string): PurgedFile | undefined {
  const bytes = readSmall(disk, join(folder, PURGED), MAX_LINE + 1)
  if (bytes?.at(-1) !== 0x0a) return undefined
  const record = parsePurgeRecord(bytes.subarray(0, -1))
  if (!record) return undefined
  const line = Buffer.concat([Buffer.alloc(1), bytes.subarray(0, -1)])
  return { ...record, leafHash: leafHashIn(line, 1, line.length) }
}

/** Index of the first line that counts. Segments before it are on their way out, or were put back by somebody. */
export function beginOf(segments: readonly Segment[], purged: PurgedFile | undefined): number {
  return Math.max(purged?.to ?? 0, segments[0]?.first ?? 0)
}

/** True when the stored leaf hashes have this very line at its index. */
export function standsInTiles(disk: Disk, folder: string, { index, leafHash }: PurgedFile): boolean {
  const slot = index % TILE_WIDTH
  const tile = readTile(disk, folder, { level: 0, index: Math.floor(index / TILE_WIDTH), width: slot + 1 })
  return tile !== undefined && equalBytes(tile.subarray(slot * 32), leafHash)
}

/** Looks for the record that excuses lines missing below `begin`. */
export class Excuse {
  #found: boolean

  /** @param signedSize - a record at or above it is not signed, and excuses nothing */
  constructor(
    private readonly begin: number,
    private readonly signedSize: number,
  ) {
    this.#found = begin === 0
  }

  get found(): boolean {
    return this.#found
  }

  /** Is shown the lines that count, one after the other. */
  see(line: Uint8Array, index: number): void {
    if (!this.#found && mayBePurgeRecord(line)) this.take(parsePurgeRecord(line), index)
  }

  /** @param record - stands at `index`, as the caller has seen */
  take(record: PurgeRecord | undefined, index: number): void {
    this.#found ||= record?.index === index && index < this.signedSize && record.to >= this.begin
  }
}
