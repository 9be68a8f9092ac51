// What a piece of a log gives by itself, whatever came before it: leaf hashes, faults of single lines, hashes above leaves.
// So any thread can work it out; putting it together is for the walk.
import { isUtf8 } from 'node:buffer'
import { closeLook, type LineFault, lineFault } from './line.js'
import { quickRecord, RECORD, UNKNOWN } from './quick-record.js'
import type { Chunk } from './reader.js'
import { fillPart, NODES_BYTES, TILE_HASHES, type TilePart } from './subtrees.js'
import { leafHash } from './tree.js'

export interface Digest {
  /** Leaf hash of line `k` of the piece, latin1. */
  leaf(k: number): string
  /** What is wrong with line `k`, taking its place as `first + k`. */
  fault(k: number): LineFault | undefined
  /**
   * The part that this piece has of the tile in which place `index` lies, when it is known and no line among them is faulty.
   * Lent as long as the piece.
   */
  part(index: number): TilePart | undefined
  /** Lines that may be the log's own events (`audit.`), ascending: no other is. Undefined: any may be. */
  own: readonly number[] | undefined
}

/** Where the lines of a piece stand. */
export type Lines = Pick<Chunk, 'first' | 'bytes'> & { ends: ArrayLike<number> }

/** What does not stand in a DigestRoom; small while the log is good. */
export interface Found {
  faults: [k: number, fault: LineFault][]
  own: number[]
}

const HASH = 32
const MAX_LINES = 32 * 1024
const LEAVES_BYTES = MAX_LINES * HASH

/** Room for the hashes of one piece: of its leaves, and above them. */
export class DigestRoom {
  static readonly BYTES = LEAVES_BYTES + (MAX_LINES / TILE_HASHES + 1) * NODES_BYTES
  readonly #leaves: Buffer
  readonly #nodes: Buffer

  constructor(memory: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(DigestRoom.BYTES), at = 0) {
    this.#leaves = Buffer.from(memory, at, LEAVES_BYTES)
    this.#nodes = Buffer.from(memory, at + LEAVES_BYTES, DigestRoom.BYTES - LEAVES_BYTES)
  }

  static fits = (lines: number): boolean => lines <= MAX_LINES

  /** Reads the lines and writes what they hash to. */
  fill({ first, bytes, ends }: Lines): Found {
    const found = faultsOf({ first, bytes, ends })
    for (let k = 0, start = 0; k < ends.length; ) {
      const slot = (first + k) % TILE_HASHES
      const hashes = new Array<string>(Math.min(ends.length - k, TILE_HASHES - slot))
      for (let i = 0; i < hashes.length; i++) {
        const end = ends[k + i]!
        hashes[i] = leafHash(bytes, start, end)
        start = end + 1
      }
      fillPart(hashes, slot, this.#leaves.subarray(k * HASH), this.#nodesOf(first, first + k))
      k += hashes.length
    }
    return found
  }

  /** What `fill` worked out, here or in another thread that has the same memory. */
  digest(first: number, lines: number, { faults, own }: Found): Digest {
    const faulty = new Map(faults)
    const faultyTiles = new Set(faults.map(([k]) => Math.floor((first + k) / TILE_HASHES)))
    return {
      leaf: (k) => this.#leaves.toString('latin1', k * HASH, (k + 1) * HASH),
      fault: (k) => faulty.get(k),
      part: (index) => {
        const tile = Math.floor(index / TILE_HASHES)
        if (faultyTiles.has(tile)) return undefined
        const begin = tile * TILE_HASHES
        const from = Math.max(first, begin)
        const to = Math.min(first + lines, begin + TILE_HASHES)
        const leaves = this.#leaves.subarray((from - first) * HASH, (to - first) * HASH)
        return { from: from - begin, to: to - begin, leaves, nodes: this.#nodesOf(first, index) }
      },
      own,
    }
  }

  #nodesOf(first: number, index: number): Buffer {
    const n = Math.floor(index / TILE_HASHES) - Math.floor(first / TILE_HASHES)
    return this.#nodes.subarray(n * NODES_BYTES, (n + 1) * NODES_BYTES)
  }
}

// Apart from the hashing: one line at a time in turn with it, this takes half as long again.
function faultsOf({ first, bytes, ends }: Lines): Found {
  const utf8 = isUtf8(bytes)
  const found: Found = { faults: [], own: [] }
  for (let k = 0, start = 0; k < ends.length; k++) {
    const end = ends[k]!
    const quick = quickRecord(bytes, start, end, first + k)
    if (quick !== RECORD) found.own.push(k)
    const fault = utf8 && quick !== UNKNOWN ? undefined : closeLook(bytes, start, end, first + k, utf8)
    if (fault) found.faults.push([k, fault])
    start = end + 1
  }
  return found
}

/** Works everything out when it is asked for: for pieces with more lines than there is room for. */
export function digestOnDemand({ first, bytes, ends }: Lines): Digest {
  const utf8 = isUtf8(bytes)
  const start = (k: number) => (k > 0 ? ends[k - 1]! + 1 : 0)
  return {
    leaf: (k) => leafHash(bytes, start(k), ends[k]!),
    fault: (k) => lineFault(bytes, start(k), ends[k]!, first + k, utf8),
    part: () => undefined,
    own: undefined,
  }
}
