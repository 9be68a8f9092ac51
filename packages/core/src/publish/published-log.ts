// One log as the resources of C2SP tlog-tiles: a path goes in, bytes and headers come out. A path is never a file name here;
// it is read as a tile address, and anything else is not found.
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseTilePath, type TileAddress, tileWidthAt } from '@trailproof/tlog'
import { folderReader } from '../verify/folder-reader.js'
import { CHECKPOINT } from '../writers/file/layout.js'
import { corruptCheckpoint } from './faults.js'
import { LogTiles } from './log-tiles.js'
import { HeadReader, type SignedHead } from './signed-head.js'

export interface Resource {
  type: string
  cache: string
  bytes: Uint8Array
  /** Entry bundles are text and shrink well. */
  compressible: boolean
}

const TEXT = 'text/plain; charset=utf-8'
const MUTABLE = 'no-cache'
/** Not `public`: records are for whoever was let in, not for every cache on the way. */
const IMMUTABLE = 'private, max-age=31536000, immutable'

export class PublishedLog {
  readonly dir: string
  readonly name: string
  readonly #heads: HeadReader
  readonly #tiles: LogTiles
  #head: SignedHead | undefined
  #seen = ''

  /** @throws TRAILPROOF_KEY_INVALID */
  constructor(dir: string, keys: readonly string[] = []) {
    this.dir = dir
    this.name = basename(resolve(dir))
    this.#heads = new HeadReader(folderReader(dir), keys)
    this.#tiles = new LogTiles(dir)
  }

  /**
   * The newest checkpoint; its signature was checked. What was once published is never taken back.
   *
   * @throws TRAILPROOF_CHECKPOINT_CORRUPT also when the log contradicts what was published before
   * @throws TRAILPROOF_KEY_MISSING
   */
  async head(): Promise<SignedHead> {
    const facts = await stat(join(this.dir, CHECKPOINT)).catch(() => undefined)
    const state = facts ? `${facts.ino} ${facts.size} ${facts.mtimeMs}` : 'none'
    if (this.#head && state === this.#seen) return this.#head
    const head = await this.#heads.read()
    const last = this.#head
    if (last && (head.size < last.size || (head.size === last.size && head.root !== last.root)))
      throw corruptCheckpoint(
        `a checkpoint of ${last.size} records was published; now there is another one, of ${head.size}: the log was rolled back or signed anew`,
      )
    this.#head = head
    this.#seen = state
    return head
  }

  /**
   * @param path - below the log's prefix, as it came: `checkpoint`, `log.vkey`, `tile/0/x001/067.p/8`
   * @returns undefined when the published tree has no such thing
   * @throws TRAILPROOF_LOG_CORRUPT, TRAILPROOF_CHECKPOINT_CORRUPT, TRAILPROOF_KEY_MISSING
   */
  async resource(path: string): Promise<Resource | undefined> {
    if (path === 'checkpoint') return text((await this.head()).note)
    if (path === 'log.vkey') return text(`${(await this.head()).vkey}\n`)
    const address = addressOf(path)
    if (!address) return undefined
    const { level, index, width } = address
    const { size } = await this.head()
    const level0 = level === 'entries' ? 0 : level
    // Every width up to the present one: partial tiles of all earlier checkpoints are beginnings of what is there.
    if (width > tileWidthAt(level0, index, size)) return undefined
    const bytes =
      level === 'entries' ? await this.#tiles.bundle(index, width) : await this.#tiles.tile(level, index, width)
    return { type: 'application/octet-stream', cache: IMMUTABLE, bytes, compressible: level === 'entries' }
  }
}

const text = (content: string): Resource => ({
  type: TEXT,
  cache: MUTABLE,
  bytes: Buffer.from(content),
  compressible: false,
})

function addressOf(path: string): TileAddress | undefined {
  try {
    return parseTilePath(path)
  } catch {
    return undefined
  }
}
