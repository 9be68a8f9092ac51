// What the machine and its file system must offer, before any log is looked at.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Check, fail, ok, warn } from './check.js'

/** Release that `engines` of every package names. */
const NODE = [20, 19] as const
const LITTLE_SPACE = 1e9
const NO_SPACE = 100e6

export function machineChecks(path: string): Check[] {
  const folder = nearestFolder(path)
  return [nodeVersion(process.versions.node), folderWritable(path), fileSystem(folder), kernelLock(), freeSpace(folder)]
}

export function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return ok('node', `Node ${version}`)
  return fail('node', `Node ${version} is too old`, `install Node ${NODE.join('.')} or newer`)
}

function folderWritable(path: string): Check {
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

function fileSystem(folder: string): Check {
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

function kernelLock(): Check {
  if (process.platform !== 'linux') return ok('flock', 'this system locks files on opening')
  const { error, status } = spawnSync('flock', ['--version'], { stdio: 'ignore' })
  if (!error && status === 0) return ok('flock', 'flock(1) is there')
  return warn(
    'flock',
    'flock(1) is missing: the lock on a log does not reach into other containers',
    'install util-linux',
  )
}

function freeSpace(folder: string): Check {
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
