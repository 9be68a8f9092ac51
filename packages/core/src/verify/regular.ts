// Opens what ought to be a plain file. Whoever can write to the folder can put a pipe there, on which reading would wait
// for ever, or a folder, a socket, a link to itself: none of them may stop the verification of what else is there.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

// Not blocking: opening a pipe would wait for its writer. For files it changes nothing.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * @returns undefined when something else than a file stands there
 * @throws the system's error, as when nothing stands there
 */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle
  try {
    file = await open(path, FLAGS)
  } catch (error) {
    if (isIrregular(error)) return undefined
    throw error
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  return undefined
}

/** The bytes of a small file, at once; as openRegular. */
export function readRegularSync(path: string): Uint8Array | undefined {
  let fd: number
  try {
    fd = openSync(path, FLAGS)
  } catch (error) {
    if (isIrregular(error)) return undefined
    throw error
  }
  try {
    return fstatSync(fd).isFile() ? readFileSync(fd) : undefined
  } finally {
    closeSync(fd)
  }
}

/** Did opening fail because of what stands there? A link in a circle; a folder; a socket or a device without a driver. */
const isIrregular = (error: unknown): boolean =>
  ['ELOOP', 'EISDIR', 'ENXIO', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')
