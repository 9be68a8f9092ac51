// The writer's side of tiles: takes leaf hashes one by one and gives the tiles that changed. It holds the right edge only,
// at most 256 hashes on each of seven levels, whatever the tree's size.
import { isCount, isHash } from './bytes.js'
import { FormatError } from './errors.js'
import { fullRoot, HASH_BYTES, type TreeHasher } from './merkle.js'
import { edgeTiles, TILE_WIDTH, type Tile } from './tile.js'

/** A tile with its bytes, ready to be stored under tilePath(level, index, width). */
export interface TileData extends Tile {
  bytes: Uint8Array
}

export class TileEdge {
  readonly #hasher: TreeHasher
  readonly #levels: { width: number; bytes: Uint8Array }[] = [] // the last, not yet full tile of each level
  #full: TileData[] = [] // filled since the last take()
  #takenAt: number
  #size: number

  /**
   * @param size - leaves already in the tree, whose tiles are stored
   * @param stored - bytes of the tiles `edgeTiles(size)` names, in that order
   * @throws RangeError a tile is missing or one too many
   * @throws FormatError a tile has another width than the size asks for
   */
  constructor(hasher: TreeHasher, size = 0, stored: readonly Uint8Array[] = []) {
    const edge = edgeTiles(size)
    if (stored.length !== edge.length)
      throw new RangeError(`size ${size} has ${edge.length} edge tiles, not ${stored.length}`)
    this.#hasher = hasher
    this.#size = size
    this.#takenAt = size
    edge.forEach(({ level, width }, i) => {
      const bytes = stored[i]!
      if (bytes.length !== width * HASH_BYTES)
        throw new FormatError(`edge tile of level ${level} has ${bytes.length} bytes`)
      this.#level(level).bytes.set(bytes)
      this.#level(level).width = width
    })
  }

  get size(): number {
    return this.#size
  }

  /** Adds a leaf by its hash. */
  append(leafHash: Uint8Array): void {
    if (!isHash(leafHash)) throw new RangeError('a hash is 32 bytes')
    this.#append(leafHash, 0)
  }

  /** Adds leaves by their hashes, which stand side by side. */
  appendAll(leafHashes: Uint8Array): void {
    if (leafHashes.length % HASH_BYTES !== 0) throw new RangeError('a hash is 32 bytes')
    for (let at = 0; at < leafHashes.length; at += HASH_BYTES) this.#append(leafHashes, at)
  }

  /**
   * The tiles that changed since the last call: exactly those of newTiles(size then, size now), in order of filling,
   * partial ones last. Taken means the caller stores them; they are not given again.
   */
  take(): TileData[] {
    const partial = edgeTiles(this.#size)
      .filter(({ level }) => this.#countAt(level, this.#size) > this.#countAt(level, this.#takenAt))
      .map((tile) => ({ ...tile, bytes: this.#level(tile.level).bytes.slice(0, tile.width * HASH_BYTES) }))
    const taken = [...this.#full, ...partial]
    this.#full = []
    this.#takenAt = this.#size
    return taken
  }

  #append(leafHashes: Uint8Array, from: number): void {
    if (!isCount(this.#size + 1)) throw new RangeError('the tree is full')
    this.#size++
    let hashes = leafHashes
    let start = from
    for (let level = 0; ; level++) {
      const tile = this.#level(level)
      const at = tile.width * HASH_BYTES
      for (let i = 0; i < HASH_BYTES; i++) tile.bytes[at + i] = hashes[start + i]! // a call would cost more
      if (++tile.width < TILE_WIDTH) return
      tile.width = 0
      const index = this.#size / TILE_WIDTH ** (level + 1) - 1 // whole: a tile fills only at such sizes
      const bytes = tile.bytes.slice()
      this.#full.push({ level, index, width: TILE_WIDTH, bytes })
      hashes = fullRoot(this.#hasher, bytes)
      start = 0
    }
  }

  #level(level: number): { width: number; bytes: Uint8Array } {
    while (this.#levels.length <= level) this.#levels.push({ width: 0, bytes: new Uint8Array(TILE_WIDTH * HASH_BYTES) })
    return this.#levels[level]!
  }

  #countAt(level: number, size: number): number {
    return Math.floor(size / TILE_WIDTH ** level)
  }
}
