// The RFC 6962 tree while lines stream by: root at any size, and the hashes that belong on each tile.
// Same mathematics as Frontier of @trailproof/tlog (a test compares them); hashes are kept as latin1 strings of 32
// characters, because crypto.hash() gives such a string in half the time of a Buffer.
import { hash } from 'node:crypto'
import { nodeAt, TILE_HASHES, TILE_HEIGHT, type TilePart } from './subtrees.js'

const HASH = 32
const LATIN1 = 'binary' // Node's older name for it, and the one its types know

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
   * Appends leaves of a tile, from the slot on at which the tree stands.
   *
   * @param part - holds them; lent until `full` is taken away
   * @param count - how many
   */
  appendPart({ from, leaves, nodes }: TilePart, count: number): void {
    const begin = this.size % TILE_HASHES
    const end = begin + count
    this.#storeLeaves(leaves.subarray((begin - from) * HASH, (end - from) * HASH))
    for (let slot = begin; slot < end; ) {
      let height = 0
      while (height < TILE_HEIGHT && slot % (2 << height) === 0 && slot + (2 << height) <= end) height++
      const at = height === 0 ? (slot - from) * HASH : nodeAt(height, slot)
      const subtree = (height === 0 ? leaves : nodes).toString('latin1', at, at + HASH)
      if (height === TILE_HEIGHT) this.#store(1, subtree)
      this.#raise(subtree, height)
      this.size += 1 << height
      slot += 1 << height
    }
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

  #storeLeaves(leaves: Buffer): void {
    const tile = this.#edge[0] ?? newTile(0, 0)
    this.#edge[0] = tile
    if (leaves.length === TILE_HASHES * HASH) {
      this.full.push({ level: 0, index: tile.index++, width: TILE_HASHES, bytes: leaves })
      return
    }
    leaves.copy(tile.bytes, tile.width * HASH)
    tile.width += leaves.length / HASH
    this.#roll(tile)
  }

  #store(level: number, top: string): void {
    const tile = this.#edge[level] ?? newTile(level, 0)
    this.#edge[level] = tile
    writeHash(tile.bytes, top, tile.width * HASH)
    tile.width++
    this.#roll(tile)
  }

  #roll(tile: ComputedTile): void {
    if (tile.width < TILE_HASHES) return
    this.full.push(tile)
    this.#edge[tile.level] = newTile(tile.level, tile.index + 1)
  }
}

const node = Buffer.alloc(1 + 2 * HASH, 1) // byte 0 stays 1: RFC 6962's prefix of a node

function joined(left: string, right: string): string {
  writeHash(node, left, 1)
  writeHash(node, right, 1 + HASH)
  return hash('sha256', node, LATIN1)
}

// latin1Write is what Buffer.write comes to, and its types do not know it.
function writeHash(bytes: Buffer, text: string, at: number): void {
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
