// The file system calls that the file writer makes, and no others; crash models stand in for it in tests.
// Only `write` and `sync` exist in a form that does not block: they are what a slow or hanging disk delays.
import fs from 'node:fs'
import { lockFile } from './lock.js'

export interface FileFacts {
  ino: number
  dev: number
  size: number
  nlink: number
  isFolder: boolean
  /** A plain file: neither folder nor pipe nor device, of which opening one may block for ever. */
  isFile: boolean
}

/** `create` fails when the name exists; `edit` reads and writes; `folder` is for `sync` alone. */
export type OpenMode = 'read' | 'create' | 'edit' | 'folder'

/** The file that a lock is on. */
export interface LockFile {
  path: string
  ino: number
  dev: number
}

/** A lock that its holder's death releases. */
export interface DiskLock {
  /** Undefined where another thread of this process cannot look after the lock by its file. */
  readonly file?: LockFile
  /** False when the lock file's name leads elsewhere by now: someone removed it, and others could take the slot. */
  held(): boolean
  release(): void
}

export interface Disk {
  open(path: string, mode: OpenMode): number
  close(fd: number): void
  /** Undefined when there is no such name; anything else that goes wrong is thrown. */
  stat(path: string): FileFacts | undefined
  fstat(fd: number): FileFacts
  /** Names in a folder, or undefined when there is none. */
  list(path: string): string[] | undefined
  makeFolder(path: string): void
  rename(from: string, to: string): void
  remove(path: string): void
  removeFolder(path: string): void
  truncate(fd: number, size: number): void
  read(fd: number, into: Uint8Array, at: number): number
  /** @returns bytes written; fewer than given is a failure whose reason is not known */
  write(fd: number, bytes: Uint8Array, at: number): Promise<number>
  writeSync(fd: number, bytes: Uint8Array, at: number): number
  /** Data and size survive a power cut once it resolves; for a folder, its names. */
  sync(fd: number): Promise<void>
  syncSync(fd: number): void
  /** Undefined when a living process holds it. */
  lock(path: string): DiskLock | undefined
}

const FLAGS: Record<OpenMode, string> = { read: 'r', create: 'wx+', edit: 'r+', folder: 'r' }

/** The real file system. */
export const nodeDisk: Disk = {
  open: (path, mode) => fs.openSync(path, FLAGS[mode], 0o640),
  close: (fd) => fs.closeSync(fd),
  stat(path) {
    const stat = statOrLink(path)
    return stat && factsOf(stat)
  },
  fstat: (fd) => factsOf(fs.fstatSync(fd)),
  list(path) {
    try {
      return fs.readdirSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
  makeFolder: (path) => fs.mkdirSync(path, 0o750),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.unlinkSync(path),
  removeFolder: (path) => fs.rmdirSync(path),
  truncate: (fd, size) => fs.ftruncateSync(fd, size),
  read: (fd, into, at) => fs.readSync(fd, into, 0, into.length, at),
  write: (fd, bytes, at) =>
    new Promise((resolve, reject) => {
      fs.write(fd, bytes, 0, bytes.length, at, (error, written) => (error ? reject(error) : resolve(written)))
    }),
  writeSync: (fd, bytes, at) => fs.writeSync(fd, bytes, 0, bytes.length, at),
  // fdatasync also flushes the size, which is all that reading back needs; on folders both calls are the same.
  sync: (fd) => new Promise((resolve, reject) => fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()))),
  syncSync: (fd) => fs.fdatasyncSync(fd),
  lock: lockFile,
}

/** A link that leads round in a circle is a thing of its own, neither file nor folder; below it there is nothing. */
function statOrLink(path: string): fs.Stats | undefined {
  return statUnlessCircle(fs.statSync, path) ?? statUnlessCircle(fs.lstatSync, path)
}

function statUnlessCircle(stat: typeof fs.statSync, path: string): fs.Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false })
  } catch (error) {
    if (['ELOOP', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function factsOf(stat: fs.Stats): FileFacts {
  const { ino, dev, size, nlink } = stat
  return { ino, dev, size, nlink, isFolder: stat.isDirectory(), isFile: stat.isFile() }
}

/** No room left: the disk is full, not broken. */
export function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOSPC' || code === 'EDQUOT'
}
