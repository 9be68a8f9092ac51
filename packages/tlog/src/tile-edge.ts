// The writer's side of tiles: takes leaf hashes one by one and gives the tiles that changed. It holds the right edge only,
// at most 256 hashes on each of seven levels, whatever the tree's size.
import { concatBytes, isCount, isHash } from './bytes.js'
import { FormatError } from './errors.js'
import { rootOf, type TreeHasher } from './merkle.js'
import { edgeTiles, TILE_WIDTH, type Tile } from './tile.js'
import { splitTile } from './tile-hashes.js'

/** A tile with its bytes, ready to be stored under tilePath(level, index, width). */
export interface TileData extends Tile {
  bytes: Uint8Array
}

export class TileEdge {
  readonly #hasher: TreeHasher
  readonly #levels: Uint8Array[][] = [] // the hashes of the last, not yet full tile of each level
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
    edge.forEach((tile, i) => {
      const hashes = splitTile(Uint8Array.from(stored[i]!))
      if (hashes.length !== tile.width)
        throw new FormatError(`edge tile of level ${tile.level} has ${hashes.length} hashes`)
      while (this.#levels.length < tile.level) this.#levels.push([])
      this.#levels[tile.level] = hashes
    })
  }

  get size(): number {
    return this.#size
  }

  /** Adds a leaf by its hash. */
  append(leafHash: Uint8Array): void {
    if (!isHash(leafHash)) throw new RangeError('a hash is 32 bytes')
    if (!isCount(this.#size + 1)) throw new RangeError('the tree is full')
    this.#size++
    let hash: Uint8Array = new Uint8Array(leafHash)
    for (let level = 0; ; level++) {
      const hashes = this.#levels[level] ?? []
      this.#levels[level] = hashes
      hashes.push(hash)
      if (hashes.length < TILE_WIDTH) return
      const index = this.#size / TILE_WIDTH ** (level + 1) - 1 // whole: a tile fills only at such sizes
      this.#full.push({ level, index, width: TILE_WIDTH, bytes: concatBytes(...hashes) })
      this.#levels[level] = []
      hash = new Uint8Array(rootOf(this.#hasher, hashes))
    }
  }

  /**
   * The tiles that changed since the last call: exactly those of newTiles(size then, size now), in order of filling,
   * partial ones last. Taken means the caller stores them; they are not given again.
   */
  take(): TileData[] {
    const partial = edgeTiles(this.#size)
      .filter(({ level }) => this.#countAt(level, this.#size) > this.#countAt(level, this.#takenAt))
      .map((tile) => ({ ...tile, bytes: concatBytes(...this.#levels[tile.level]!) }))
    const taken = [...this.#full, ...partial]
    this.#full = []
    this.#takenAt = this.#size
    return taken
  }

  #countAt(level: number, size: number): number {
    return Math.floor(size / TILE_WIDTH ** level)
  }
}
