// Up to where the full tiles are known to be durable. They are written without fsync, so a power cut may empty one, shorten
// it or keep its length and lose some of its bytes, and opening would have to hash them all. So while the log runs they are
// synced one by one, a few with each synced checkpoint, and the file `durable-tiles` says how far that came: opening checks
// the tiles behind it. The file is a hint and trusted with nothing else; verify compares every tile.
import { dirname, join } from 'node:path'
import { equalBytes, TILE_WIDTH, tilePath, tileRoot } from '@trailproof/tlog'
import { hasher } from '../../log/crypto.js'
import type { Disk } from './disk.js'
import { readSmall, replaceFile, replaceUnnamed, syncFolder } from './durable.js'
import { DURABLE_TILES } from './layout.js'
import { breathe, type Steps } from './steps.js'

const FULL_BYTES = TILE_WIDTH * 32
/** Tiles of level 0 that are synced with one checkpoint: too few to be felt, enough for a thousand records a second. */
const AT_ONCE = 4
/** The file is replaced each time so many leaves more are durable in tiles. */
const NAMED_EVERY = 16 * TILE_WIDTH

/** Leaves whose full tiles are durable, as the file says; 0 when it does not. */
export function readDurableTiles(disk: Disk, folder: string): number {
  const text = readSmall(disk, join(folder, DURABLE_TILES), 32)?.toString('latin1') ?? ''
  const leaves = /^\d{1,15}\n$/.test(text) ? Number(text) : 0
  return leaves % TILE_WIDTH === 0 ? leaves : 0
}

/** Takes back what the file says beyond `leaves`: those tiles are about to be written anew. */
export function* forgetDurableTiles(disk: Disk, folder: string, leaves: number): Steps<void> {
  if (readDurableTiles(disk, folder) <= leaves) return
  disk.remove(join(folder, DURABLE_TILES))
  yield* syncFolder(disk, folder)
}

/**
 * True when every full tile of a tree of `size` leaves is there in full length, and those that end behind `durable` hold the
 * hashes that the tiles above them stand for, up to `edge`.
 *
 * @param from - tiles that end at or before this leaf are not looked at: they were made durable when it was purged up to here
 * @param edge - returns an edge tile of the tree, whose hashes the caller holds against a signed root
 */
export function* fullTilesAreRight(
  disk: Disk,
  folder: string,
  { size, from, durable }: { size: number; from: number; durable: number },
  edge: (level: number) => Uint8Array | undefined,
): Steps<boolean> {
  const full = (level: number, index: number) => readSmall(disk, join(folder, tilePath(level, index)), FULL_BYTES)
  let looked = 0
  for (let perTile = TILE_WIDTH, level = 0; perTile <= size; perTile *= TILE_WIDTH, level++) {
    let above: { index: number; bytes: Uint8Array | undefined } | undefined
    for (let index = Math.floor(from / perTile); (index + 1) * perTile <= size; index++) {
      if (++looked % 256 === 0) yield breathe
      if (disk.stat(join(folder, tilePath(level, index)))?.size !== FULL_BYTES) return false
      if ((index + 1) * perTile <= durable) continue
      const parent = Math.floor(index / TILE_WIDTH)
      if (above?.index !== parent) {
        const isFull = (parent + 1) * perTile * TILE_WIDTH <= size
        above = { index: parent, bytes: isFull ? full(level + 1, parent) : edge(level + 1) }
      }
      const at = (index % TILE_WIDTH) * 32
      const expected = above.bytes?.subarray(at, at + 32)
      if (!expected || !equalBytes(tileRoot(hasher, full(level, index)!), expected)) return false
      if (looked % 16 === 0) yield breathe
    }
  }
  return true
}

/** Makes the tiles of a growing tree durable, a few at a time. */
export class TileSyncer {
  readonly #disk: Disk
  readonly #folder: string
  #durable: number
  #named: number
  readonly #folders = new Set<string>()
  #isSuspect = false // a sync failed: a second one would succeed all the same, so tiles are written to fresh files

  /** @param from - tiles up to here are durable */
  constructor(disk: Disk, folder: string, from: number) {
    this.#disk = disk
    this.#folder = folder
    this.#durable = this.#named = from - (from % TILE_WIDTH)
  }

  /** @param size - all full tiles of so many leaves are stored */
  *some(size: number): Steps<void> {
    for (let n = 0; n < AT_ONCE && this.#durable + TILE_WIDTH <= size; n++) {
      const end = this.#durable + TILE_WIDTH
      for (let span = TILE_WIDTH, level = 0; end % span === 0; span *= TILE_WIDTH, level++)
        yield* this.#sync(join(this.#folder, tilePath(level, end / span - 1)))
      this.#durable = end
    }
    if (this.#durable - this.#named >= NAMED_EVERY) yield* this.#name()
  }

  *#sync(path: string): Steps<void> {
    this.#folders.add(dirname(path))
    if (this.#isSuspect) {
      const bytes = readSmall(this.#disk, path, FULL_BYTES)
      if (!bytes) throw new Error(`${path} is missing`)
      return yield* replaceUnnamed(this.#disk, path, (put) => put(bytes))
    }
    const fd = this.#disk.open(path, 'read')
    try {
      yield { do: 'sync', fd }
    } catch (error) {
      this.#isSuspect = true
      throw error
    } finally {
      yield { do: 'close', fd }
    }
  }

  *#name(): Steps<void> {
    for (const path of this.#folders) yield* syncFolder(this.#disk, path)
    this.#folders.clear()
    const leaves = this.#durable
    yield* replaceFile(this.#disk, join(this.#folder, DURABLE_TILES), (put) => put(Buffer.from(`${leaves}\n`)))
    this.#named = leaves
  }
}
