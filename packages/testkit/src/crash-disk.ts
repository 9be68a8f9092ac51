// A disk in memory that forgets like a real one. Writes reach its medium when the file is synced, names when their folder
// is; a power cut keeps, drops or tears the rest at random. A seed repeats everything.
//
// It is harsher than the usual file systems: names and data of one folder come and go independently of their order.
import { basename, dirname } from 'node:path'
import type { FileWriterOptions } from '@trailproof/core'
import { CrashFile, CrashFolder, type CrashNode } from './crash-inode.js'
import { type Random, seededRandom } from './random.js'

type Disk = NonNullable<FileWriterOptions['disk']>
type FileFacts = ReturnType<Disk['fstat']>
type OpenMode = Parameters<Disk['open']>[1]
type DiskLock = NonNullable<ReturnType<Disk['lock']>>

/** A call that changes the disk, as a fault sees it. `n` counts such calls from 1. */
export interface DiskCall {
  n: number
  op: 'create' | 'makeFolder' | 'rename' | 'remove' | 'removeFolder' | 'truncate' | 'write' | 'sync' | 'syncFolder'
  path: string
}

/**
 * What goes wrong with a call. `error`: it fails; a failed sync of a file also loses what it should have kept, and says
 * nothing the next time. `lost`: it is done, but fails all the same. `short`: so many bytes of a write are written.
 * `off`: the power goes, before or after it is done. `hang`: it never answers.
 */
export type Fault =
  | { error: string }
  | { lost: string }
  | { short: number }
  | { off: 'before' | 'after' }
  | { hang: true }

export interface CrashDiskOptions {
  seed?: number
  /** Bytes that fit on it; default no limit. */
  capacity?: number
}

/** Fails the n-th call that `match` accepts; with `forever` also every one after it. */
export function failNth(
  n: number,
  match: (call: DiskCall) => boolean,
  fault: Fault,
  forever = false,
): (call: DiskCall) => Fault | undefined {
  let seen = 0
  return (call) => {
    if (!match(call)) return undefined
    seen++
    return seen === n || (forever && seen > n) ? fault : undefined
  }
}

export class CrashDisk implements Disk {
  /** Decides about each changing call; replace it at any time. */
  fault: ((call: DiskCall) => Fault | undefined) | undefined
  /** Bytes that fit on it. */
  capacity: number
  readonly #random: Random
  #root = new CrashFolder(1)
  #inodes = 1
  #calls = 0
  #off = false
  #locks = new Set<string>()
  #descriptors = new Map<number, { node: CrashNode; path: string }>()
  #lastDescriptor = 100

  constructor({ seed = 1, capacity = Number.POSITIVE_INFINITY }: CrashDiskOptions = {}) {
    this.#random = seededRandom(seed)
    this.capacity = capacity
  }

  /** Changing calls so far. */
  get calls(): number {
    return this.#calls
  }

  /** The power went off by a fault. */
  get isOff(): boolean {
    return this.#off
  }

  /** Cuts the power. @returns the disk as it comes up again; this one answers no more */
  crash(): CrashDisk {
    const disk = this.#successor()
    disk.#root = this.#root.afterPowerCut(this.#random, new Map())
    return disk
  }

  /** Kills the process (kill -9). @returns the disk as the next process finds it: memory and medium are untouched */
  kill(): CrashDisk {
    const disk = this.#successor()
    disk.#root = this.#root
    return disk
  }

  /** A second disk with all that this one shows, durable; this one goes on. */
  copy(): CrashDisk {
    const disk = this.#next()
    disk.#root = this.#root.copy()
    return disk
  }

  #successor(): CrashDisk {
    this.#off = true
    return this.#next()
  }

  #next(): CrashDisk {
    const disk = new CrashDisk({ seed: this.#random.int(2 ** 31), capacity: this.capacity })
    disk.#inodes = this.#inodes
    return disk
  }

  // ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────

  stat(path: string): FileFacts | undefined {
    this.#alive()
    const node = this.#find(path)
    return node && factsOf(node)
  }

  fstat(fd: number): FileFacts {
    return factsOf(this.#descriptor(fd).node)
  }

  list(path: string): string[] | undefined {
    this.#alive()
    const node = this.#find(path)
    return node instanceof CrashFolder ? [...node.names.keys()] : undefined
  }

  read(fd: number, into: Uint8Array, at: number): number {
    return this.#file(fd).now.copy(into, 0, at)
  }

  /** The whole of a file, for looking at it from outside. */
  readFile(path: string): Buffer {
    const node = this.#find(path)
    if (!(node instanceof CrashFile)) throw failure('ENOENT', path)
    return Buffer.from(node.now)
  }

  /** Changes a file behind the writer's back, durable at once. */
  tamper(path: string, change: (bytes: Buffer) => Buffer): void {
    const node = this.#find(path)
    if (!(node instanceof CrashFile)) throw failure('ENOENT', path)
    node.now = change(Buffer.from(node.now))
    node.sync()
  }

  /** Every file and its bytes, by path: to show that nothing has changed. */
  snapshot(path: string): Record<string, string> {
    const node = this.#find(path)
    if (node instanceof CrashFile) return { [path]: node.now.toString('latin1') }
    return Object.assign({}, ...[...(node?.names.keys() ?? [])].sort().map((name) => this.snapshot(`${path}/${name}`)))
  }

  // ── changing ──────────────────────────────────────────────────────────────────────────────────────────────────────

  open(path: string, mode: OpenMode): number {
    this.#alive()
    const node = this.#find(path)
    if (mode !== 'create') {
      if (!node) throw failure('ENOENT', path)
      return this.#describe(node, path)
    }
    if (node) throw failure('EEXIST', path)
    const file = new CrashFile(++this.#inodes)
    this.#change('create', path, () => this.#folderOf(path).change(new Map([[basename(path), file]])))
    return this.#describe(file, path)
  }

  close(fd: number): void {
    this.#descriptor(fd)
    this.#descriptors.delete(fd)
  }

  makeFolder(path: string): void {
    if (this.#find(path)) throw failure('EEXIST', path)
    const folder = new CrashFolder(++this.#inodes)
    this.#change('makeFolder', path, () => this.#folderOf(path).change(new Map([[basename(path), folder]])))
  }

  rename(from: string, to: string): void {
    const node = this.#find(from)
    if (!node) throw failure('ENOENT', from)
    if (dirname(from) !== dirname(to)) throw new Error('this disk renames within one folder only')
    const naming = new Map<string, CrashNode | undefined>([
      [basename(from), undefined],
      [basename(to), node],
    ])
    this.#change('rename', to, () => this.#folderOf(to).change(naming))
  }

  remove(path: string): void {
    if (!(this.#find(path) instanceof CrashFile)) throw failure('ENOENT', path)
    this.#change('remove', path, () => this.#folderOf(path).change(new Map([[basename(path), undefined]])))
  }

  removeFolder(path: string): void {
    const node = this.#find(path)
    if (!(node instanceof CrashFolder)) throw failure('ENOENT', path)
    if (node.names.size > 0) throw failure('ENOTEMPTY', path)
    this.#change('removeFolder', path, () => this.#folderOf(path).change(new Map([[basename(path), undefined]])))
  }

  truncate(fd: number, size: number): void {
    const { path } = this.#descriptor(fd)
    this.#change('truncate', path, () => this.#file(fd).truncate(size))
  }

  writeSync(fd: number, bytes: Uint8Array, at: number): number {
    const { path } = this.#descriptor(fd)
    const file = this.#file(fd)
    const room = Math.max(0, Math.min(bytes.length, file.now.length - at + this.capacity - this.#used()))
    const fault = this.#decide('write', path)
    if (fault && 'short' in fault) {
      file.write(bytes.subarray(0, fault.short), at)
      return Math.min(fault.short, bytes.length)
    }
    if (bytes.length > 0 && room === 0) throw failure('ENOSPC', path)
    return this.#do(fault, path, () => {
      file.write(bytes.subarray(0, room), at)
      return room
    })
  }

  syncSync(fd: number): void {
    const { node, path } = this.#descriptor(fd)
    const fault = this.#decide(node instanceof CrashFolder ? 'syncFolder' : 'sync', path)
    if (fault && 'error' in fault && node instanceof CrashFile) node.failSync(this.#random)
    this.#do(fault, path, () => node.sync())
  }

  write(fd: number, bytes: Uint8Array, at: number): Promise<number> {
    return this.#later(() => this.writeSync(fd, bytes, at))
  }

  sync(fd: number): Promise<void> {
    return this.#later(() => this.syncSync(fd))
  }

  lock(path: string): DiskLock | undefined {
    this.#alive()
    if (this.#locks.has(path)) return undefined
    if (!this.#find(path)) this.close(this.open(path, 'create'))
    this.#locks.add(path)
    const ino = this.stat(path)?.ino
    return { held: () => this.stat(path)?.ino === ino, release: () => void this.#locks.delete(path) }
  }

  // ── the inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  #change(op: DiskCall['op'], path: string, change: () => void): void {
    this.#do(this.#decide(op, path), path, change)
  }

  #decide(op: DiskCall['op'], path: string): Fault | undefined {
    this.#alive()
    return this.fault?.({ n: ++this.#calls, op, path })
  }

  #do<T>(fault: Fault | undefined, path: string, change: () => T): T {
    if (fault && 'error' in fault) throw failure(fault.error, path)
    if (fault && 'hang' in fault) throw new Hang()
    if (fault && 'off' in fault && fault.off === 'before') this.#cut()
    const result = change()
    if (fault && 'off' in fault) this.#cut()
    if (fault && 'lost' in fault) throw failure(fault.lost, path)
    return result
  }

  #cut(): never {
    this.#off = true
    throw new Hang()
  }

  #alive(): void {
    if (this.#off) throw new Hang()
  }

  /** A call of a process that is gone, or of a disk that hangs, is never answered. */
  #later<T>(call: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        const result = call()
        resolve(result)
      } catch (error) {
        if (!(error instanceof Hang)) reject(error)
      }
    })
  }

  #used(): number {
    const sum = (node: CrashNode): number =>
      node instanceof CrashFile ? node.now.length : [...node.names.values()].reduce((n, child) => n + sum(child), 0)
    return this.capacity === Number.POSITIVE_INFINITY ? 0 : sum(this.#root)
  }

  #find(path: string): CrashNode | undefined {
    let node: CrashNode | undefined = this.#root
    for (const name of path.split('/').filter(Boolean))
      node = node instanceof CrashFolder ? node.names.get(name) : undefined
    return node
  }

  #folderOf(path: string): CrashFolder {
    const folder = this.#find(dirname(path))
    if (!(folder instanceof CrashFolder)) throw failure('ENOENT', path)
    return folder
  }

  #describe(node: CrashNode, path: string): number {
    this.#descriptors.set(++this.#lastDescriptor, { node, path })
    return this.#lastDescriptor
  }

  #descriptor(fd: number): { node: CrashNode; path: string } {
    this.#alive()
    const descriptor = this.#descriptors.get(fd)
    if (!descriptor) throw failure('EBADF', String(fd))
    return descriptor
  }

  #file(fd: number): CrashFile {
    const { node, path } = this.#descriptor(fd)
    if (!(node instanceof CrashFile)) throw failure('EISDIR', path)
    return node
  }
}

/** The process that made this call has ended, or waits for ever. */
class Hang extends Error {
  override readonly message = 'the power is off'
}

function factsOf(node: CrashNode): FileFacts {
  const size = node instanceof CrashFile ? node.now.length : 0
  const isFolder = node instanceof CrashFolder
  return { ino: node.ino, dev: 1, size, nlink: 1, isFolder, isFile: !isFolder }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
