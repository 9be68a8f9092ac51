// The cheapest anchor: the newest checkpoint of each log, kept in the folder of the keys. Whoever puts an older copy of the
// log folder back is found at the next start. Whoever can also write to the keys puts both back, and is not.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { makePrivateFolderAsync, replaceAsync } from '../privacy/files.js'
import type { Anchor } from './anchor.js'
import { conflict } from './contradiction.js'
import { originFileName } from './origin-file-name.js'
import { ownCheckpoint } from './own-checkpoint.js'

/** Below the folder of the keys. */
const FOLDER = 'high-water'

/** How often it is written, milliseconds. */
export const HIGH_WATER_EVERY_MS = 5000

/**
 * @param keyDir - folder of the keys (`.trailproof`)
 * @param publicKeys - of the keys in use; a mark that none of them signed says nothing
 */
export function highWaterMark(keyDir: string, publicKeys: readonly Uint8Array[]): Anchor {
  const dir = join(keyDir, FOLDER)
  const read = async (origin: string) => {
    try {
      return await readFile(join(dir, originFileName(origin)), 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw unusable(dir, cause)
    }
  }
  return {
    kind: 'high-water',
    name: 'high-water',
    latest: read,
    async publish({ origin, size, root, note }) {
      const there = await read(origin)
      const known = there === undefined ? undefined : ownCheckpoint({ origin, publicKeys }, there)
      if (known && (known.size > size || (known.size === size && !equalBytes(known.root, root))))
        throw conflict(
          `the high-water mark in ${dir} knows another log of ${known.size} signed records, this one has ${size}`,
        )
      try {
        await makePrivateFolderAsync(dir)
        await replaceAsync(join(dir, originFileName(origin)), Buffer.from(note), 0o600)
      } catch (cause) {
        throw unusable(dir, cause)
      }
      return { files: [] }
    },
  }
}

const unusable = (path: string, cause: unknown) =>
  new TrailproofError(
    'TRAILPROOF_ANCHOR_FAILED',
    `the high-water mark in ${path} cannot be used: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    { path, hint: 'let the user of this process own the folder of the keys', cause },
  )
