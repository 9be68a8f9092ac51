// The RFC 6962 tree while lines stream by: root at any size, and the hashes that belong on each tile.
// Same mathematics as Frontier of @trailproof/tlog (a test compares them); hashes are kept as latin1 strings of 32
// characters, because crypto.hash() gives such a string in half the time of a Buffer.
import { hash } from 'node:crypto'

const HASH = 32
const LATIN1 = 'binary' // Node's older name for it, and the one its types know
export const TILE_HASHES = 256
const TILE_HEIGHT = 8

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

  /** A tree that goes on from here by itself. Its tiles are not kept. */
  fork(): Tree {
    const tree = new Tree()
    tree.size = this.size
    tree.#stack = [...this.#stack]
    return tree
  }

  append(leaf: string): void {
    this.#store(0, leaf)
    this.#raise(leaf, 0)
    this.size++
  }

  /**
   * Appends 256 leaves at once, where the next one begins a tile.
   *
   * @param bytes - their hashes; lent until `full` is taken away
   * @param root - the root over them
   */
  appendTile(bytes: Buffer, root: string): void {
    const index = this.size / TILE_HASHES
    this.full.push({ level: 0, index, width: TILE_HASHES, bytes })
    this.#edge[0] = newTile(0, index + 1)
    this.#store(1, root)
    this.#raise(root, TILE_HEIGHT)
    this.size += TILE_HASHES
  }

  root(): string {
    if (this.#stack.length === 0) return hash('sha256', '', LATIN1)
    return this.#stack.reduceRight((right, left) => joined(left, right))
  }

  /** The tiles at the right edge that are not full. */
  partial(): ComputedTile[] {
    return this.#edge.filter((tile) => tile.width > 0)
  }

  // Puts a perfect subtree of 2^height leaves to the right of all others.
  #raise(subtree: string, height: number): void {
    let top = subtree
    let level = height
    // Each low one bit of the size, counted in such subtrees, is one of the same height that this one completes.
    for (let n = this.size / 2 ** height; n % 2 === 1; n = (n - 1) / 2) {
      top = joined(this.#stack.pop()!, top)
      level++
      if (level % TILE_HEIGHT === 0) this.#store(level / TILE_HEIGHT, top)
    }
    this.#stack.push(top)
  }

  #store(level: number, top: string): void {
    const tile = this.#edge[level] ?? newTile(level, 0)
    this.#edge[level] = tile
    writeHash(tile.bytes, top, tile.width * HASH)
    tile.width++
    if (tile.width < TILE_HASHES) return
    this.full.push(tile)
    this.#edge[level] = newTile(level, tile.index + 1)
  }
}

/** The root over as many leaves as a power of two. */
export function perfectRoot(leaves: readonly string[]): string {
  let row = leaves
  while (row.length > 1) {
    const above: string[] = []
    for (let i = 0; i < row.length; i += 2) above.push(joined(row[i]!, row[i + 1]!))
    row = above
  }
  return row[0]!
}

const node = Buffer.alloc(1 + 2 * HASH, 1) // byte 0 stays 1: RFC 6962's prefix of a node

function joined(left: string, right: string): string {
  writeHash(node, left, 1)
  writeHash(node, right, 1 + HASH)
  return hash('sha256', node, LATIN1)
}

/** Puts a latin1 hash into bytes. latin1Write is what Buffer.write comes to, and its types do not know it. */
export function writeHash(bytes: Buffer, text: string, at: number): void {
  ;(bytes as Latin1Writer).latin1Write(text, at, HASH)
}

type Latin1Writer = Buffer & { latin1Write(text: string, at: number, length: number): number }

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
