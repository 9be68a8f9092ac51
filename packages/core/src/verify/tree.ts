// The RFC 6962 tree while lines stream by: root at any size, and the hashes that belong on each tile.
// Same mathematics as Frontier of @trailproof/tlog (a test compares them); hashes are kept as latin1 strings of 32
// characters, because crypto.hash() gives such a string in half the time of a Buffer.
import { hash } from 'node:crypto'

const HASH = 32
const LATIN1 = 'binary' // Node's older name for it, and the one its types know
export const TILE_HASHES = 256

/** A tile as the lines give it: `bytes` holds `width` hashes. */
export interface ComputedTile {
  level: number
  index: number
  width: number
  bytes: Buffer
}

export class Tree {
  size = 0
  /** Tiles that filled up since they were last taken away. */
  full: ComputedTile[] = []
  #stack: string[] = []
  readonly #edge: ComputedTile[] = []
  readonly #node = Buffer.alloc(1 + 2 * HASH, 1) // byte 0 stays 1: RFC 6962's prefix of a node

  /** A tree that goes on from here by itself. Its tiles are not kept. */
  fork(): Tree {
    const tree = new Tree()
    tree.size = this.size
    tree.#stack = [...this.#stack]
    return tree
  }

  append(leaf: string): void {
    const stack = this.#stack
    this.#store(0, leaf)
    let top = leaf
    let height = 0
    // Each low one bit of the size is a perfect subtree on the right that this leaf completes.
    for (let n = this.size; n % 2 === 1; n = (n - 1) / 2) {
      top = this.#join(stack.pop()!, top)
      height++
      if (height % 8 === 0) this.#store(height / 8, top)
    }
    stack.push(top)
    this.size++
  }

  root(): string {
    if (this.#stack.length === 0) return hash('sha256', '', LATIN1)
    return this.#stack.reduceRight((right, left) => this.#join(left, right))
  }

  /** The tiles at the right edge that are not full. */
  partial(): ComputedTile[] {
    return this.#edge.filter((tile) => tile.width > 0)
  }

  #join(left: string, right: string): string {
    this.#node.write(left, 1, HASH, 'latin1')
    this.#node.write(right, 1 + HASH, HASH, 'latin1')
    return hash('sha256', this.#node, LATIN1)
  }

  #store(level: number, top: string): void {
    const tile = this.#edge[level] ?? newTile(level, 0)
    this.#edge[level] = tile
    tile.bytes.write(top, tile.width * HASH, HASH, 'latin1')
    tile.width++
    if (tile.width < TILE_HASHES) return
    this.full.push(tile)
    this.#edge[level] = newTile(level, tile.index + 1)
  }
}

/** RFC 6962 leaf hash of `bytes[start..end)`. The 0x00 before the line is written over the byte before it, and put back. */
export function leafHash(bytes: Uint8Array, start: number, end: number): string {
  if (start === 0) return hash('sha256', Buffer.concat([Buffer.alloc(1), bytes.subarray(0, end)]), LATIN1)
  const kept = bytes[start - 1]!
  bytes[start - 1] = 0
  const leaf = hash('sha256', bytes.subarray(start - 1, end), LATIN1)
  bytes[start - 1] = kept
  return leaf
}

/** Standard base64 of a latin1 hash. */
export const base64Of = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('base64')

const newTile = (level: number, index: number): ComputedTile => ({
  level,
  index,
  width: 0,
  bytes: Buffer.alloc(TILE_HASHES * HASH),
})
