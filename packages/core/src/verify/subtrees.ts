// The hashes above leaves that follow each other in one tile. A row is hashed from one run of bytes: writing hashes one by
// one and cutting out what is to be hashed cost more than a third of the hashing.
import { hash } from 'node:crypto'

const HASH = 32
const LATIN1 = 'binary' // Node's older name for it, and the one its types know
export const TILE_HASHES = 256
export const TILE_HEIGHT = 8
/** Room for the hashes above one tile's leaves: 128 + 64 + ... + 1, and one that stays free. */
export const NODES_BYTES = TILE_HASHES * HASH

/** Leaves `[from, to)` of a tile, by their slots in it, and every perfect subtree that lies wholly among them. */
export interface TilePart {
  from: number
  to: number
  /** Leaf hashes, the first one that of `from`. */
  leaves: Buffer
  /** Hashes above them as `nodeAt` says; elsewhere anything. */
  nodes: Buffer
}

/** Offset in `nodes` of the root over the leaves from `slot` on that are 2^height; height 1 to 8. */
export const nodeAt = (height: number, slot: number): number =>
  (TILE_HASHES - (TILE_HASHES >> (height - 1)) + (slot >> height)) * HASH

const row = Buffer.alloc(1 + TILE_HASHES * HASH)
// Each begins with the last byte of the pair before it, which has been hashed by then and gives way to RFC 6962's 0x01.
const pairs = Array.from({ length: TILE_HASHES / 2 }, (_, i) => row.subarray(i * 2 * HASH, (i + 1) * 2 * HASH + 1))

/**
 * Works out a part of a tile.
 *
 * @param hashes - latin1, those of the leaves from slot `from` on
 */
export function fillPart(hashes: readonly string[], from: number, leaves: Buffer, nodes: Buffer): void {
  let below = hashes
  let text = below.join('')
  writeLatin1(leaves, text, 0)
  for (let height = 1, slot = from; ; height++) {
    const odd = slot & 1
    slot = (slot + odd) >> 1
    const count = (below.length - odd) >> 1
    if (count <= 0) return
    writeLatin1(row, odd ? text.slice(HASH) : text, 1)
    const above = new Array<string>(count)
    for (let i = 0; i < count; i++) {
      row[i * 2 * HASH] = 1
      above[i] = hash('sha256', pairs[i]!, LATIN1)
    }
    below = above
    text = below.join('')
    writeLatin1(nodes, text, nodeAt(height, slot << height))
  }
}

// latin1Write is what Buffer.write comes to, and its types do not know it.
function writeLatin1(bytes: Buffer, text: string, at: number): void {
  ;(bytes as Latin1Writer).latin1Write(text, at, text.length)
}

type Latin1Writer = Buffer & { latin1Write(text: string, at: number, length: number): number }
