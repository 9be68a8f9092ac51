// The bytes of tiles: hashes side by side. Reading any subtree's hash out of tiles, and making tiles from such hashes.
import { concatBytes, isCount } from './bytes.js'
import { FormatError } from './errors.js'
import { HASH_BYTES, rootOf, type TreeHasher } from './merkle.js'
import type { HashReader } from './proof.js'
import { TILE_WIDTH, type Tile, tileWidthAt } from './tile.js'

const LEVELS_IN_TILE = 8 // 2^8 = TILE_WIDTH

/**
 * Splits a tile's bytes into its hashes (views, not copies).
 *
 * @throws FormatError the length is not 1 to 256 hashes
 */
export function splitTile(bytes: Uint8Array): Uint8Array[] {
  const width = bytes.length / HASH_BYTES
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw new FormatError(`no tile has ${bytes.length} bytes`)
  return Array.from({ length: width }, (_, slot) => bytes.subarray(slot * HASH_BYTES, (slot + 1) * HASH_BYTES))
}

/**
 * The root over a tile's hashes. For a full tile this is the hash in slot `index % 256` of the next level's tile
 * `floor(index / 256)`.
 */
export function tileRoot(hasher: TreeHasher, bytes: Uint8Array): Uint8Array {
  return rootOf(hasher, splitTile(bytes))
}

/** The bytes of a tile, from a reader that knows the tree (leafReader, or tileHashReader over the tiles below). */
export async function tileHashes(tile: Tile, read: HashReader): Promise<Uint8Array> {
  const slots = Array.from({ length: tile.width }, (_, slot) => tile.index * TILE_WIDTH + slot)
  return concatBytes(...(await Promise.all(slots.map((slot) => read(tile.level * LEVELS_IN_TILE, slot)))))
}

/**
 * A HashReader over stored tiles, for a tree of `size` leaves; feeds inclusionProof and consistencyProof.
 *
 * The tiles are not authenticated: a proof made from changed tiles comes out wrong, so check it against a signed root.
 *
 * @param readTile - gives the tile's bytes; where the partial was pruned it may give a wider tile, which is trimmed
 * @throws RangeError (on reading) a subtree outside the tree
 * @throws FormatError (on reading) a tile that is too short or not a whole number of hashes
 */
export function tileHashReader(
  hasher: TreeHasher,
  size: number,
  readTile: (level: number, index: number, width: number) => Uint8Array | Promise<Uint8Array>,
): HashReader {
  return async (level, index) => {
    if (!isCount(level) || !isCount(index) || (index + 1) * 2 ** level > size)
      throw new RangeError(`no subtree ${index} of level ${level} in a tree of ${size}`)
    // A subtree of level 8t + h is the root of 2^h hashes side by side in one tile of level t.
    const tileLevel = Math.floor(level / LEVELS_IN_TILE)
    const count = 2 ** (level % LEVELS_IN_TILE)
    const tileIndex = Math.floor((index * count) / TILE_WIDTH)
    const slot = (index * count) % TILE_WIDTH
    const width = tileWidthAt(tileLevel, tileIndex, size)
    const hashes = splitTile(await readTile(tileLevel, tileIndex, width))
    if (hashes.length < width)
      throw new FormatError(`tile ${tileLevel}/${tileIndex} has ${hashes.length} of ${width} hashes`)
    return rootOf(hasher, hashes.slice(slot, slot + count))
  }
}
