// Where tiles may be exported to, and reading what stands there, which anybody may have put there.
import { access, mkdir, readdir, realpath } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { TrailproofError } from '../errors.js'
import { placeOfLog } from '../verify/log-place.js'
import { openRegular } from '../verify/regular.js'
import { CHECKPOINT_HISTORY, SEGMENTS } from '../writers/file/layout.js'
import { changedTiles } from './faults.js'

/** As the log itself: nobody but owner and group reads records. */
export const FOLDER_MODE = 0o750

/**
 * Makes a folder and those above it.
 *
 * @returns false when it was there
 * @throws TRAILPROOF_FOLDER_UNWRITABLE
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    return (await mkdir(path, { recursive: true, mode: FOLDER_MODE })) !== undefined
  } catch (error) {
    throw unwritable(path, error)
  }
}

/**
 * A log's own folder has a `checkpoint` too, and `verify` takes a folder with one, beside logs, for a log.
 *
 * @throws TRAILPROOF_OPTION_INVALID
 */
export async function mustNotBeLog(out: string, log: string): Promise<void> {
  const [place, source] = [await realpath(out), await realpath(log)]
  const names = await readdir(out)
  if (
    place === source ||
    place.startsWith(source + sep) ||
    [SEGMENTS, CHECKPOINT_HISTORY].some((n) => names.includes(n))
  )
    throw invalid(`${out} is a log, or lies in one`, 'export tiles to a folder of their own')
  const beside = placeOfLog(source)
  const lock =
    beside &&
    (await access(beside.lockFile).then(
      () => true,
      () => false,
    ))
  if (beside && lock && resolve(dirname(place)) === beside.root)
    throw invalid(`${out} lies among the logs of ${beside.root}`, 'export tiles to a folder outside of it')
}

/**
 * The beginning of a file, undefined when there is none.
 *
 * @throws TRAILPROOF_TILES_CHANGED what stands there is no file
 */
export async function readAtMost(path: string, limit: number): Promise<Buffer | undefined> {
  const file = await openRegular(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'missing' as const
    throw error
  })
  if (file === 'missing') return undefined
  if (!file) throw changedTiles(`${path} is no file`)
  try {
    const buffer = Buffer.allocUnsafe(Math.min((await file.stat()).size, limit))
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } finally {
    await file.close()
  }
}

export const unwritable = (path: string, cause: unknown) =>
  new TrailproofError(
    'TRAILPROOF_FOLDER_UNWRITABLE',
    `${path} cannot be written: ${(cause as NodeJS.ErrnoException).code}`,
    { path, hint: 'what was exported before is as it was', cause },
  )

export const invalid = (message: string, hint: string) =>
  new TrailproofError('TRAILPROOF_OPTION_INVALID', message, { hint })
