// A piece of a log in memory that threads share: its lines, and room for what they give.
//
//   bytes of the lines | offsets of their ends | leaf hashes | roots of the tiles that begin and end in it
import { isUtf8 } from 'node:buffer'
import type { Digest } from './digest.js'
import { type LineFault, lineFault } from './line.js'
import type { Chunk } from './reader.js'
import { leafHash, perfectRoot, TILE_HASHES, writeHash } from './tree.js'

const HASH = 32
const MAX_BYTES = 2 * 1024 * 1024
const MAX_LINES = 32 * 1024
const ENDS_AT = MAX_BYTES
const LEAVES_AT = ENDS_AT + MAX_LINES * 4
const ROOTS_AT = LEAVES_AT + MAX_LINES * HASH
const SIZE = ROOTS_AT + (MAX_LINES / TILE_HASHES) * HASH

/** Everything of a piece that is not in the shared memory. */
export interface PieceFacts {
  /** Place of its first line. */
  first: number
  length: number
  lines: number
}

/** Faults of a piece, by number of line; small while the log is good. */
export type PieceFaults = [k: number, fault: LineFault][]

export class Piece {
  readonly #memory: SharedArrayBuffer
  readonly #leaves: Buffer
  readonly #roots: Buffer

  constructor(memory = new SharedArrayBuffer(SIZE)) {
    this.#memory = memory
    this.#leaves = Buffer.from(memory, LEAVES_AT, MAX_LINES * HASH)
    this.#roots = Buffer.from(memory, ROOTS_AT, SIZE - ROOTS_AT)
  }

  get memory(): SharedArrayBuffer {
    return this.#memory
  }

  static fits({ bytes, ends }: Chunk): boolean {
    return bytes.length <= MAX_BYTES && ends.length <= MAX_LINES
  }

  /** Copies a chunk in; the copy is the piece's, until the next one. */
  fill({ bytes, ends, rest, ...chunk }: Chunk): { chunk: Chunk; facts: PieceFacts } {
    const facts = { first: chunk.first, length: bytes.length, lines: ends.length }
    const own = this.#bytes(facts)
    own.set(bytes)
    this.#ends(facts).set(ends)
    return { chunk: { ...chunk, bytes: own, ends, ...(rest && { rest: Uint8Array.from(rest) }) }, facts }
  }

  /** The work: reads the lines, writes hashes and roots. */
  digest(facts: PieceFacts): PieceFaults {
    const { first, lines } = facts
    const bytes = this.#bytes(facts)
    const ends = this.#ends(facts)
    const utf8 = isUtf8(bytes)
    const faults: PieceFaults = []
    let tile: string[] | undefined
    for (let k = 0, start = 0; k < lines; k++) {
      const end = ends[k]!
      const leaf = leafHash(bytes, start, end)
      writeHash(this.#leaves, leaf, k * HASH)
      const fault = lineFault(bytes, start, end, first + k, utf8)
      if (fault) faults.push([k, fault])
      start = end + 1
      if ((first + k) % TILE_HASHES === 0) tile = []
      tile?.push(leaf)
      if (tile?.length === TILE_HASHES)
        writeHash(this.#roots, perfectRoot(tile), Math.floor((k + 1) / TILE_HASHES - 1) * HASH)
    }
    return faults
  }

  /** What `digest` worked out, here or in another thread. */
  digestOf({ first, lines }: PieceFacts, faults: PieceFaults): Digest {
    const faulty = new Map(faults)
    const hash = (of: Buffer, at: number) => of.toString('latin1', at * HASH, (at + 1) * HASH)
    const good = (from: number) => !faults.some(([k]) => k >= from && k < from + TILE_HASHES)
    return {
      leaf: (k) => hash(this.#leaves, k),
      fault: (k) => faulty.get(k),
      goodTile: (index) => {
        const k = index - first
        if (k + TILE_HASHES > lines || !good(k)) return undefined
        const bytes = this.#leaves.subarray(k * HASH, (k + TILE_HASHES) * HASH)
        return { bytes, root: hash(this.#roots, Math.floor(k / TILE_HASHES)) }
      },
    }
  }

  #bytes({ length }: PieceFacts): Uint8Array {
    return new Uint8Array(this.#memory, 0, length)
  }

  #ends({ lines }: PieceFacts): Uint32Array {
    return new Uint32Array(this.#memory, ENDS_AT, lines)
  }
}
