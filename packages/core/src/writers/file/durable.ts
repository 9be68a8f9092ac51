// The few ways in which files come to be, with what survives a power cut at each step.
import { dirname } from 'node:path'
import type { Disk } from './disk.js'
import { TEMPORARY } from './layout.js'
import { breathe, type Steps } from './steps.js'

const PIECE = 256 * 1024

/** Makes the names in a folder durable: what was created, renamed or removed there. */
export function* syncFolder(disk: Disk, path: string): Steps<void> {
  const fd = disk.open(path, 'folder')
  try {
    yield { do: 'sync', fd }
  } finally {
    yield { do: 'close', fd }
  }
}

/**
 * Makes a folder unless it is there. Its own name is durable afterwards; those above it must be already.
 * Whoever made it may have died, or failed, before its name was: so that is seen to in any case.
 */
export function* ensureFolder(disk: Disk, path: string): Steps<void> {
  makeUnlessThere(disk, path)
  yield* syncFolder(disk, dirname(path))
}

/** The same for a folder and all that it stands in, as far as this process may look into them. */
export function* ensureFolders(disk: Disk, path: string): Steps<void> {
  const parent = dirname(path)
  if (parent !== path) yield* ensureFolders(disk, parent)
  const made = makeUnlessThere(disk, path)
  try {
    if (parent !== path) yield* syncFolder(disk, parent)
  } catch (error) {
    // A folder above ours that we may not read or sync, and that was there before, was not ours to make durable.
    const code = (error as NodeJS.ErrnoException).code
    if (made || !['EACCES', 'EPERM', 'EROFS', 'EINVAL'].includes(code ?? '')) throw error
  }
}

/** Several processes may begin on one folder in the same instant: then one of them makes it. @returns whether we did */
function makeUnlessThere(disk: Disk, path: string): boolean {
  if (disk.stat(path)) return false
  try {
    disk.makeFolder(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

/**
 * Puts a whole file in place of whatever has its name. A crash leaves the old one or the new one, never a part.
 *
 * @param fill - writes the content through the function it is given
 */
export function* replaceFile(
  disk: Disk,
  path: string,
  fill: (put: (bytes: Uint8Array) => Steps<void>) => Steps<void>,
): Steps<void> {
  const temporary = `${path}${TEMPORARY}`
  if (disk.stat(temporary)) disk.remove(temporary) // from a crash; nothing counts on it
  const fd = disk.open(temporary, 'create')
  let at = 0
  try {
    yield* fill(function* (bytes) {
      yield* writeWhole(fd, bytes, at)
      at += bytes.length
    })
    yield { do: 'sync', fd }
  } finally {
    yield { do: 'close', fd }
  }
  disk.rename(temporary, path) // all of its bytes are durable, its name not yet
  yield* syncFolder(disk, dirname(path))
}

/** One write; fewer bytes than given is a failure. */
export function* writeWhole(fd: number, bytes: Uint8Array, at: number): Steps<void> {
  const written = yield { do: 'write', fd, bytes, at }
  if (written === bytes.length) return
  // Node hides why a write came up short. Writing on fails for that same reason, and tells it.
  yield { do: 'write', fd, bytes: bytes.subarray(written), at: at + written }
  throw new Error(`only ${written} of ${bytes.length} bytes were written`)
}

/** Reads `[from, to)` of a file in pieces that do not hold up the process. */
export function* readPieces(
  disk: Disk,
  path: string,
  from: number,
  to: number,
  take: (piece: Buffer) => Steps<void>,
): Steps<void> {
  const fd = disk.open(path, 'read')
  try {
    for (let at = from; at < to; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, to - at))
      const read = disk.read(fd, piece, at)
      if (read === 0) throw new Error(`${path} ends at ${at}, before ${to}`)
      yield* take(piece.subarray(0, read))
      yield breathe
      at += read
    }
  } finally {
    yield { do: 'close', fd }
  }
}

/** The whole of a small file, or undefined when there is no plain file; at most `limit` bytes are read. */
export function readSmall(disk: Disk, path: string, limit: number): Buffer | undefined {
  const facts = disk.stat(path)
  if (!facts?.isFile) return undefined
  const fd = disk.open(path, 'read')
  try {
    const bytes = Buffer.alloc(Math.min(facts.size, limit))
    return bytes.subarray(0, disk.read(fd, bytes, 0))
  } finally {
    disk.close(fd)
  }
}
