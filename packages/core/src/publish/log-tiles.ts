// Tiles and entry bundles straight out of a log folder: hash tiles as the log keeps them, or recomputed where they are not
// there; bundles rendered from the segments. Nothing here is authenticated: whoever receives it checks it against a checkpoint.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeBundle, MAX_ENTRY_BYTES, TILE_WIDTH, tilePath, tileRoot } from '@trailproof/tlog'
import { hasher } from '../log/crypto.js'
import { openRegular } from '../verify/regular.js'
import { isBlank } from '../verify/tiles.js'
import { corruptLog } from './faults.js'
import { LinePlaces } from './line-places.js'

const HASH = 32
const KEPT_TILES = 256

export class LogTiles {
  readonly lines: LinePlaces
  readonly #dir: string
  readonly #stored: boolean
  readonly #recomputed = new Map<string, Uint8Array>()

  /** @param options.stored - false: recompute every tile from the lines */
  constructor(dir: string, { stored = true }: { stored?: boolean } = {}) {
    this.#dir = dir
    this.#stored = stored
    this.lines = new LinePlaces(dir)
  }

  /**
   * The first `width` hashes of a tile that the tree has at this width.
   *
   * @throws TRAILPROOF_LOG_CORRUPT it is not stored, and lines below it are missing
   */
  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const stored = this.#stored ? await this.#read(level, index, width) : undefined
    return stored ?? this.#recompute(level, index, width)
  }

  /**
   * The bundle of the first `width` entries under a level-0 tile.
   *
   * @throws TRAILPROOF_LOG_CORRUPT a line is missing, or longer than any record
   */
  async bundle(index: number, width: number): Promise<Uint8Array> {
    const lines = await this.#linesUnder(index, width)
    const long = lines.findIndex(({ length }) => length > MAX_ENTRY_BYTES)
    if (long >= 0) throw corruptLog('a line is longer than any record', index * TILE_WIDTH + long)
    return encodeBundle(lines)
  }

  // The full tile, or the narrowest partial one that is wide enough: a narrower tile is a beginning of a wider one.
  async #read(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    const path = join(this.#dir, tilePath(level, index))
    const full = await readTile(path, width)
    if (full || width === TILE_WIDTH) return full
    const names = await readdir(`${path}.p`).catch(() => [])
    const widths = names.filter((name) => /^[1-9][0-9]{0,2}$/.test(name)).map(Number)
    for (const wide of widths.filter((wide) => wide >= width).sort((a, b) => a - b)) {
      const bytes = await readTile(join(`${path}.p`, String(wide)), width)
      if (bytes) return bytes
    }
    return undefined
  }

  async #recompute(level: number, index: number, width: number): Promise<Uint8Array> {
    const key = tilePath(level, index, width)
    const kept = this.#recomputed.get(key)
    if (kept) return kept
    const bytes = new Uint8Array(width * HASH)
    if (level === 0)
      for (const [slot, line] of (await this.#linesUnder(index, width)).entries())
        bytes.set(hasher.leaf(line), slot * HASH)
    else
      for (let slot = 0; slot < width; slot++)
        bytes.set(tileRoot(hasher, await this.tile(level - 1, index * TILE_WIDTH + slot, TILE_WIDTH)), slot * HASH)
    this.#recomputed.set(key, bytes)
    if (this.#recomputed.size > KEPT_TILES) this.#recomputed.delete(this.#recomputed.keys().next().value!)
    return bytes
  }

  async #linesUnder(index: number, width: number): Promise<Uint8Array[]> {
    const first = index * TILE_WIDTH
    const lines = await this.lines.read(first, first + width)
    if (!lines) throw corruptLog(`records between ${first} and ${first + width - 1} are missing`, first)
    return lines
  }
}

/** The first hashes of a stored tile; undefined when it is not there, too short, or what a power cut left of it. */
async function readTile(path: string, width: number): Promise<Uint8Array | undefined> {
  const file = await openRegular(path).catch(() => undefined)
  if (!file) return undefined
  try {
    const bytes = new Uint8Array(width * HASH)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return bytesRead < bytes.length || isBlank(bytes) ? undefined : bytes
  } finally {
    await file.close()
  }
}
