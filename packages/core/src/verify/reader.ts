// What verify needs from a place that keeps a log: lines, checkpoints and, where there are any, tiles. A folder, the
// memory writer and a database all fit. A reader only brings bytes; it never decides whether they are true.

import type { Receipts } from './anchored.js'
import type { Condition } from './condition.js'

/** Brings back a log as it stands. Every call starts afresh, and none changes anything. */
export interface Reader {
  /** For people: `shop-0`. */
  readonly name: string
  /**
   * Index of the first line that is said to be kept; those before it, to be purged. Default 0. The tiles of purged lines are
   * kept; whether a signed record says the same is for the lines to show.
   */
  begin?(): Promise<number>
  /** Lines from leaf `from` on, in order. What is appended meanwhile may or may not come. */
  read(from: number): AsyncIterable<Chunk>
  /** Every signed checkpoint, oldest first, as text in pieces of any length (`checkpoints.log`); nothing when there is none. */
  notes(): AsyncIterable<string>
  /** The newest checkpoint, verbatim (`checkpoint`). */
  newest(): Promise<string | undefined>
  /** The public key that the log itself names (`log.vkey`): a convenience, never a proof. */
  vkey(): Promise<string | undefined>
  /** Stored forms of a hash tile, the full one or partial ones; empty when none is stored: tiles are derived. */
  tile(level: number, index: number): Promise<Uint8Array[]>
  /** Checkpoints with the cosignatures of witnesses, largest first, bounded; only for places that keep them. */
  witnessed?(): Promise<string[]>
  /** What the place is like; asked after everything was read. Only for places where things can be missing or in the way. */
  condition?(): Promise<Condition>
  /** What anchors gave back; only for places where that is kept. */
  readonly receipts?: Receipts
}

/** Some consecutive whole lines of one segment. */
export interface Chunk {
  /** Index that the place of the first line claims for it: the segment's name plus the lines before it. */
  first: number
  /** Index of the first line of this segment, and of the next one (Infinity for the last). Lines at or past `limit` are
   * leftovers of a failed write: the next segment holds their indexes. */
  segment: number
  limit: number
  /** The lines, each ending in `\n`. Lent until the next chunk is asked for; the borrower may scribble on a byte if it puts it back. */
  bytes: Uint8Array
  /** Offset of every `\n` in `bytes`. */
  ends: number[]
  /** Bytes after the last `\n` of the segment: half a line. Only on a segment's last chunk. */
  rest?: Uint8Array | undefined
}

/** Cuts bytes into lines: the offset of every `\n`. What follows the last one is no whole line. */
export function lineEnds(bytes: Uint8Array): number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) ends.push(at)
  return ends
}
