// What the place of a log must offer: a folder that is ours, a file system that lasts, and room.
import { accessSync, constants, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fail, ok, type StorageCheck, warn } from './check.js'

const LITTLE_SPACE = 1e9
const NO_SPACE = 100e6

/** `folder`, `filesystem` and `space`, in this order. Blocks for some calls to the system. */
export function storageChecks(path: string): [folder: StorageCheck, filesystem: StorageCheck, space: StorageCheck] {
  const folder = nearestFolder(path)
  return [folderWritable(path), fileSystem(folder), freeSpace(folder)]
}

function folderWritable(path: string): StorageCheck {
  try {
    if (!statSync(path).isDirectory()) return fail('folder', `${path} is not a folder`, 'give the folder of the logs')
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return ok('folder', `${path} can be read and written`)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (missing)
      return fail('folder', `${path} does not exist`, 'start the application once, or give the folder it writes to')
    return fail(
      'folder',
      `${path} cannot be read and written by this user`,
      'let the user of the application own it, mode 0700',
    )
  }
}

// Where nothing survives the container or the machine, the log does not either.
const FLEETING: Record<string, string> = {
  overlay: 'the layer of a container',
  tmpfs: 'memory',
  ramfs: 'memory',
  aufs: 'the layer of a container',
}
const REMOTE = /^(nfs4?|cifs|smb3|9p|fuse\..*)$/

function fileSystem(folder: string): StorageCheck {
  const type = fileSystemOf(folder, readOrNothing('/proc/mounts'))
  if (type === undefined) return ok('filesystem', 'not checked on this system')
  const fleeting = FLEETING[type]
  if (fleeting)
    return warn(
      'filesystem',
      `${folder} lies on ${type}, ${fleeting}: the log goes with it`,
      'mount a persistent volume, or use a writer that keeps the log elsewhere',
    )
  if (REMOTE.test(type))
    return warn(
      'filesystem',
      `${folder} lies on ${type}: syncing and locking are as good as that service`,
      'prefer a local disk',
    )
  return ok('filesystem', `${folder} lies on ${type}`)
}

/** Type of the file system that holds a folder, from the text of /proc/mounts: the longest mount point that leads to it. */
export function fileSystemOf(folder: string, mounts: string | undefined): string | undefined {
  let best: { at: string; type: string } | undefined
  for (const line of (mounts ?? '').split('\n')) {
    const [, point, type] = line.split(' ')
    if (point === undefined || type === undefined) continue
    const at = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const leads = folder === at || folder.startsWith(at.endsWith('/') ? at : `${at}/`)
    // Later lines are mounted over earlier ones.
    if (leads && at.length >= (best?.at.length ?? 0)) best = { at, type }
  }
  return best?.type
}

function freeSpace(folder: string): StorageCheck {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const detail = `${free < 1e9 ? `${Math.round(free / 1e6)} MB` : `${Math.round(free / 1e9)} GB`} free`
  if (free < NO_SPACE) return fail('space', detail, 'make room: a full disk stops the log')
  return free < LITTLE_SPACE ? warn('space', detail, 'make room before the log fills it') : ok('space', detail)
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(path: string): string {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      return realpathSync(at)
    } catch (error) {
      if (dirname(at) === at) throw error
    }
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
