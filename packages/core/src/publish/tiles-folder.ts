// A folder that tiles are exported to (C2SP tlog-tiles). New tiles are staged beside the published ones and only moved in
// once the whole log was seen to fit its checkpoint; the checkpoint comes last, so that it never speaks of what is not there.
//
//   out/checkpoint  out/log.vkey  out/tile/…      published; a tile never changes once it is here
//   out/.staging-Ab12cd/tile/…                    of an export under way, or of one that was cut off
import { access, mkdir, mkdtemp, opendir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { TILE_WIDTH } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { writeNewAsync } from '../privacy/files.js'
import { isBlank } from '../verify/tiles.js'
import { CHECKPOINT, TILES, VKEY } from '../writers/file/layout.js'
import { changedTiles } from './faults.js'
import { FOLDER_MODE, invalid, makeFolder, mustNotBeLog, readAtMost, unwritable } from './tiles-place.js'

const STAGING = '.staging-'
/** As the log itself: nobody but owner and group reads records. */
const FILE_MODE = 0o640
const MAX_SMALL = 64 * 1024

/** A tile or bundle at the width it has now. */
export interface Published {
  /** Path of the full one, below the folder. */
  path: string
  width: number
  bytes: Uint8Array
  /** Length of the narrower form with so many entries, which is a beginning of `bytes`. */
  lengthAt(width: number): number
}

export class TilesFolder {
  /** `checkpoint` and `log.vkey` as they were found. */
  readonly checkpoint: string | undefined
  readonly vkey: string | undefined
  /** Files staged by this export. */
  written = 0
  readonly #out: string
  readonly #made: boolean
  readonly #staging: string
  readonly #folders = new Set<string>()
  #contradiction: TrailproofError | undefined

  private constructor(out: string, made: boolean, staging: string, found: { checkpoint?: string; vkey?: string }) {
    this.#out = out
    this.#made = made
    this.#staging = staging
    this.checkpoint = found.checkpoint
    this.vkey = found.vkey
  }

  /**
   * Makes the folder, or takes up one that an export has left.
   *
   * @throws TRAILPROOF_OPTION_INVALID the folder holds something else, or is a log, or lies where logs do; nothing was touched
   */
  static async open(out: string, log: string): Promise<TilesFolder> {
    const made = await makeFolder(out)
    try {
      await mustNotBeLog(out, log)
      const names = await readdir(out)
      const foreign = names.find((name) => ![CHECKPOINT, VKEY, TILES].includes(name) && !name.startsWith(STAGING))
      if (foreign !== undefined)
        throw invalid(`${out} holds ${foreign}, which is no part of exported tiles`, 'give an empty folder')
      for (const name of names) if (name.startsWith(STAGING)) await rm(join(out, name), { recursive: true })
      const checkpoint = await smallText(join(out, CHECKPOINT))
      const vkey = await smallText(join(out, VKEY))
      const staging = await mkdtemp(join(out, STAGING))
      return new TilesFolder(out, made, staging, {
        ...(checkpoint !== undefined && { checkpoint }),
        ...(vkey !== undefined && { vkey }),
      })
    } catch (error) {
      if (made) await rmdir(out).catch(() => {})
      throw error
    }
  }

  /**
   * Sets down that log and folder differ. The log is still read to its end: if it does not fit its own root, it is to blame;
   * else `publish` throws the first contradiction.
   */
  contradict(message: string): void {
    this.#contradiction ??= changedTiles(message)
  }

  /** Stages a tile, unless it is there. What is there of it, at this width or a narrower one, must be the same. */
  async put({ path, width, bytes, lengthAt }: Published): Promise<void> {
    if (this.#contradiction) return
    let there = false
    for (const found of await this.#widthsOf(path)) {
      const name = nameAt(path, found)
      const stored = await readAtMost(join(this.#out, name), bytes.length + 1)
      // What a power cut left of a file that was never synced is as good as missing.
      if (stored === undefined || isBlank(stored)) continue
      const fits = found <= width && stored.length === lengthAt(found)
      if (!fits || Buffer.compare(stored, bytes.subarray(0, stored.length)) !== 0)
        return this.contradict(`${name} in ${this.#out} is not what the log gives`)
      if (found === width) there = true
    }
    if (there) return
    const target = join(this.#staging, nameAt(path, width))
    await this.#makeFolders(dirname(target))
    await writeFile(target, bytes, { mode: FILE_MODE, flag: 'wx' })
    this.written++
  }

  /**
   * Moves what was staged in, the checkpoint last. Cut off before that, the older checkpoint still stands with its tiles.
   *
   * @throws TRAILPROOF_TILES_CHANGED log and folder differ; nothing was published
   */
  async publish(note: string, vkey: string): Promise<void> {
    if (this.#contradiction) throw this.#contradiction
    if (this.vkey !== vkey) await this.#replace(VKEY, vkey)
    await this.#moveIn(this.#staging)
    if (this.checkpoint !== note) await this.#replace(CHECKPOINT, note)
    await rm(this.#staging, { recursive: true })
  }

  /** Takes away what was staged; what was published before stays. */
  async abandon(): Promise<void> {
    await rm(this.#staging, { recursive: true, force: true })
    if (this.#made) await rmdir(this.#out).catch(() => {})
  }

  /** The system's errors, as far as they are about this folder, in words of ours. */
  explain(error: unknown): unknown {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && path?.startsWith(this.#staging))
      return new TrailproofError('TRAILPROOF_FOLDER_CHANGED', `another export to ${this.#out} has begun meanwhile`, {
        hint: 'export again when it has ended',
        cause: error,
      })
    const aboutIt = path?.startsWith(this.#out) || ['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG'].includes(code ?? '')
    return aboutIt ? unwritable(this.#out, error) : error
  }

  async #widthsOf(path: string): Promise<number[]> {
    const full = join(this.#out, path)
    const isThere = await access(full).then(
      () => true,
      () => false,
    )
    const partial = (await readdir(`${full}.p`).catch(() => [])).filter((name) => /^[1-9][0-9]{0,2}$/.test(name))
    return [...(isThere ? [TILE_WIDTH] : []), ...partial.map(Number).filter((width) => width < TILE_WIDTH)]
  }

  // Never the staging folder itself: an export that another one has displaced must fail, not write into nothing.
  async #makeFolders(folder: string): Promise<void> {
    if (this.#folders.has(folder) || folder === this.#staging) return
    await this.#makeFolders(dirname(folder))
    await mkdir(folder, { mode: FOLDER_MODE })
    this.#folders.add(folder)
  }

  async #moveIn(folder: string): Promise<void> {
    for await (const entry of await opendir(folder)) {
      const from = join(folder, entry.name)
      const to = join(this.#out, relative(this.#staging, from))
      if (entry.isDirectory()) {
        await mkdir(to, { recursive: true, mode: FOLDER_MODE })
        await this.#moveIn(from)
      } else {
        await rename(from, to)
        // C2SP tlog-tiles: partial tiles may go once the full one is there.
        if (!dirname(to).endsWith('.p')) await rm(`${to}.p`, { recursive: true, force: true })
      }
    }
  }

  async #replace(name: string, text: string): Promise<void> {
    const temporary = join(this.#staging, name)
    await writeNewAsync(temporary, text, FILE_MODE)
    await rename(temporary, join(this.#out, name))
  }
}

const nameAt = (path: string, width: number) => (width === TILE_WIDTH ? path : `${path}.p/${width}`)

async function smallText(path: string): Promise<string | undefined> {
  return (await readAtMost(path, MAX_SMALL))?.toString('utf8')
}
