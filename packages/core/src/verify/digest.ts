// What a piece of a log gives by itself, whatever came before it: leaf hashes, faults of single lines, roots of whole tiles.
// So any thread can work it out; putting it together is for the walk.
import { isUtf8 } from 'node:buffer'
import { type LineFault, lineFault } from './line.js'
import type { Chunk } from './reader.js'
import { leafHash } from './tree.js'

export interface Digest {
  /** Leaf hash of line `k` of the piece, latin1. */
  leaf(k: number): string
  /** What is wrong with line `k`, taking its place as `first + k`. */
  fault(k: number): LineFault | undefined
  /**
   * The 256 leaf hashes from place `index` on and their root, when this is known and no line among them is faulty. Lent as
   * long as the piece.
   */
  goodTile(index: number): { bytes: Buffer; root: string } | undefined
}

/** Works everything out when it is asked for. */
export function digestOnDemand({ first, bytes, ends }: Chunk): Digest {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) // parts of a Buffer cost more
  const utf8 = isUtf8(plain)
  const start = (k: number) => (k > 0 ? ends[k - 1]! + 1 : 0)
  return {
    leaf: (k) => leafHash(plain, start(k), ends[k]!),
    fault: (k) => lineFault(plain, start(k), ends[k]!, first + k, utf8),
    goodTile: () => undefined,
  }
}
