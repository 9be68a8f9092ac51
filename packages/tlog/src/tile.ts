// Which tiles a tree of a given size has, and where they lie (C2SP tlog-tiles). A tile holds up to 256 hashes in a row of
// one level; level l + 1 has one hash for each full tile of level l. Sizes are divided, never shifted (2^31).
import { isCount } from './bytes.js'
import { FormatError } from './errors.js'

/** Hashes in a full tile, and entries in a full bundle. */
export const TILE_WIDTH = 256

/** A hash tile: `width` hashes of `level`, starting at hash number `index * 256` of that level. */
export interface Tile {
  level: number
  index: number
  width: number
}

/** What a tile path names: a hash tile, or the bundle of the entries under a level-0 tile. */
export interface TileAddress {
  level: number | 'entries'
  index: number
  width: number
}

/**
 * The path of a tile or entry bundle, below the log's prefix: `tile/0/x001/067.p/8`.
 *
 * @throws RangeError level not 0..63, index not a count or width not 1..256
 */
export function tilePath(level: number | 'entries', index: number, width: number = TILE_WIDTH): string {
  if (level !== 'entries' && !(Number.isInteger(level) && level >= 0 && level <= 63))
    throw new RangeError(`no tile level ${level}`)
  if (!isCount(index)) throw new RangeError(`tile index ${index} is not a count`)
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) throw new RangeError(`no tile width ${width}`)
  // Groups of three digits keep any folder below a thousand names; all but the last are marked with x.
  let path = group(index)
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) path = `x${group(rest)}/${path}`
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

const group = (n: number) => String(n % 1000).padStart(3, '0')

/**
 * Reads a path that tilePath writes, and nothing else: each tile has exactly one path.
 *
 * @throws FormatError for any other text
 */
export function parseTilePath(path: string): TileAddress {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path)
  if (!match) throw new FormatError('not a tile path')
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const index = Number(match[2]!.replace(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  // Writing it again rejects leading zeros, levels above 63, and `.p/256` for a full tile.
  try {
    if (tilePath(level, index, width) === path) return { level, index, width }
  } catch {}
  throw new FormatError('not a tile path')
}

/** The number of hashes that tile has in a tree of `size` leaves: 256 when full, 0 when it must not exist. */
export function tileWidthAt(level: number, index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAt(level, size) - index * TILE_WIDTH))
}

/** All hash tiles of a tree, level by level, left to right; only the last of a level may be partial. */
export function tilesOf(size: number): Tile[] {
  return newTiles(0, size)
}

/**
 * The hash tiles to write when a tree grows: those that did not exist or were narrower at `oldSize`, at their width now.
 * Widths between the two sizes are left out; they are needed only where a checkpoint of such a size was published.
 *
 * @throws RangeError unless 0 <= oldSize <= newSize
 */
export function newTiles(oldSize: number, newSize: number): Tile[] {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize)
    throw new RangeError(`a tree cannot grow from ${oldSize} to ${newSize}`)
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, newSize) > 0; level++) {
    const [before, now] = [hashesAt(level, oldSize), hashesAt(level, newSize)]
    if (before === now) continue
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < now; index++)
      tiles.push({ level, index, width: Math.min(TILE_WIDTH, now - index * TILE_WIDTH) })
  }
  return tiles
}

/** The partial tiles at a tree's right edge, at most one for each level; what a writer reads to go on. */
export function edgeTiles(size: number): Tile[] {
  if (!isCount(size)) throw new RangeError(`tree size ${size} is not a count`)
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const width = hashesAt(level, size) % TILE_WIDTH
    if (width > 0) tiles.push({ level, index: Math.floor(hashesAt(level, size) / TILE_WIDTH), width })
  }
  return tiles
}

// Only complete subtrees have a hash on a level. Exact: a power of two divides a safe integer without rounding.
const hashesAt = (level: number, size: number) => Math.floor(size / TILE_WIDTH ** level)
