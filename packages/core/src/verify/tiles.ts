// Compares stored hash tiles with what the lines give. Tiles are derived, so a missing one is fine; a different one means
// that either it or a line was changed, and the signed root tells which.
import type { Reader } from './reader.js'
import { TILE_HASHES } from './subtrees.js'
import type { ComputedTile } from './tree.js'

const HASH = 32

export interface TileDifference {
  level: number
  /** First leaf below the first differing hash. */
  index: number
  detail: string
}

export class TileCheck {
  readonly differences: TileDifference[] = []
  /** Leaves that level-0 tiles speak of, when they are more than the lines give. */
  extent = 0
  readonly #reader: Reader

  constructor(reader: Reader) {
    this.#reader = reader
  }

  async compare(tiles: readonly ComputedTile[]): Promise<void> {
    await Promise.all(tiles.map((tile) => this.#compareOne(tile)))
  }

  async #compareOne({ level, index, width, bytes }: ComputedTile): Promise<void> {
    for (const stored of await this.#reader.tile(level, index)) {
      if (isBlank(stored)) continue
      const name = `tile ${level}/${index}`
      if (stored.length % HASH !== 0 || stored.length > TILE_HASHES * HASH) {
        this.#add(level, index, 0, `${name} has ${stored.length} bytes, which no tile has`)
        continue
      }
      const common = Math.min(stored.length, width * HASH)
      if (bytes.compare(stored, 0, common, 0, common) !== 0)
        this.#add(level, index, firstSlot(bytes, stored), `${name} does not fit the lines`)
      else if (level === 0 && stored.length > width * HASH)
        this.extent = Math.max(this.extent, index * TILE_HASHES + stored.length / HASH)
    }
  }

  #add(level: number, index: number, slot: number, detail: string): void {
    if (this.differences.length < 1000)
      this.differences.push({ level, index: (index * TILE_HASHES + slot) * TILE_HASHES ** level, detail })
  }
}

/** Empty or all NUL: what a power cut leaves of a file that was never synced. As good as missing. */
export const isBlank = (tile: Uint8Array): boolean => tile.every((byte) => byte === 0)

function firstSlot(computed: Uint8Array, stored: Uint8Array): number {
  let at = 0
  while (computed[at] === stored[at]) at++
  return Math.floor(at / HASH)
}
