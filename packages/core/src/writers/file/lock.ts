// A kernel lock on a file: it goes with its holder, however that dies, and holds across containers that share the folder.
// Node has no flock(2), so on Linux flock(1) takes it on a descriptor of ours: the lock belongs to the open file, which
// stays open here after that program has ended.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import type { DiskLock, LockFile } from './disk.js'

const BSD_O_EXLOCK = 0x20 // macOS, FreeBSD: open(2) itself takes the lock
const CONFLICT = 1 // exit status of `flock -n`

/**
 * Takes the lock at once or not at all.
 *
 * Where there is no flock(1), an abstract Unix socket stands in (Linux): it does not reach into other containers.
 * A process that has flock(1) and one that has not do not see each other's locks.
 *
 * @returns undefined when a living process (this one too) holds it
 * @throws what the file system throws; Error when the folder's file system cannot lock
 */
export function lockFile(path: string): DiskLock | undefined {
  if (process.platform === 'darwin' || process.platform === 'freebsd') return lockOnOpen(path)
  const fd = fs.openSync(path, 'a', 0o640)
  let release: (() => void) | undefined
  try {
    const answer = flock(fd)
    release = answer === 'no program' ? listen(fd) : answer
  } finally {
    if (!release) fs.closeSync(fd)
  }
  if (!release) return undefined
  const lock = heldLock(path, fd, release)
  if (lock.held()) return lock
  lock.release() // the name was replaced between opening and locking
  return lockFile(path)
}

function flock(fd: number): (() => void) | undefined | 'no program' {
  const { status, error } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  if (status === 0) return () => {}
  if (status === CONFLICT) return undefined
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return 'no program'
  throw error ?? new Error(`flock ended with status ${status}: this file system cannot lock`)
}

function listen(fd: number): (() => void) | undefined {
  if (process.platform !== 'linux') throw new Error(`no way to lock a file on ${process.platform}`)
  const { dev, ino } = fs.fstatSync(fd)
  const server = net.createServer((socket) => socket.destroy())
  server.on('error', () => {}) // in use: told by `listening` below
  server.listen({ path: `\0trailproof/${dev}/${ino}`, exclusive: true })
  server.unref()
  return server.listening ? () => void server.close() : undefined
}

function lockOnOpen(path: string): DiskLock | undefined {
  const { O_RDWR, O_CREAT, O_NONBLOCK } = fs.constants
  try {
    return heldLock(path, fs.openSync(path, O_RDWR | O_CREAT | O_NONBLOCK | BSD_O_EXLOCK, 0o640), () => {})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}

function heldLock(path: string, fd: number, release: () => void): DiskLock {
  const { ino, dev } = fs.fstatSync(fd)
  const file = { path, ino, dev }
  let released = false
  return {
    file,
    held: () => !released && isStill(file),
    release() {
      if (released) return
      released = true
      release()
      fs.closeSync(fd)
    },
  }
}

/** Does the name of a lock file still lead to it? */
export function isStill({ path, ino, dev }: LockFile): boolean {
  const now = fs.statSync(path, { throwIfNoEntry: false })
  return now?.ino === ino && now.dev === dev
}
