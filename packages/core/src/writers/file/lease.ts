// Slots: each process writes a log of its own, in the lowest slot that no living process holds.
import { join, resolve } from 'node:path'
import { TrailproofError } from '../../errors.js'
import type { Head, Lease, OpenRequest } from '../writer.js'
import { type Assessment, assess } from './assess.js'
import { Ballast } from './ballast.js'
import { createLog } from './create.js'
import { type Disk, type DiskLock, type LockFile, nodeDisk } from './disk.js'
import { ensureFolders } from './durable.js'
import { FileLog } from './file-log.js'
import { epochName, lockName, newestEpoch, slotName } from './layout.js'
import { isStill } from './lock.js'
import { recover } from './recover.js'
import { type SegmentLimits, SegmentStore } from './segment.js'
import { runSync, runSyncAndClose, type Steps, Task } from './steps.js'
import type { Thinning } from './thinning.js'

export interface FileLeaseOptions {
  disk: Disk
  limits: SegmentLimits
  thinning: Thinning
  ballastBytes: number
  /** May another thread of this process do the work? */
  thread?: boolean
}

/** More slots than any machine has processes for; an end to a search that finds none. */
const MAX_SLOTS = 4096

/**
 * Takes the lowest free slot of a service in `dir`, which is made when missing.
 *
 * @throws TRAILPROOF_FOLDER_UNWRITABLE with `path` and the cause
 */
export function leaseSlot(dir: string, service: string, options: FileLeaseOptions): Lease {
  const root = resolve(dir)
  try {
    runSyncAndClose(options.disk, ensureFolders(options.disk, root))
    for (let n = 0; n < MAX_SLOTS; n++) {
      const slot = slotName(service, n)
      const lock = options.disk.lock(join(root, lockName(slot)))
      if (lock) return new FileLease(root, slot, lock, options)
    }
  } catch (cause) {
    throw unwritable(root, cause)
  }
  throw unwritable(root, new Error(`${MAX_SLOTS} slots of ${service} are taken`))
}

/** A lease as another thread of this process takes part in it: structured-cloneable. The lock stays with its holder. */
export interface SharedFileLease {
  root: string
  slot: string
  lock: LockFile
  limits: Omit<SegmentLimits, 'now'>
  thinning: Thinning
  ballastBytes: number
}

/**
 * Takes part in a lease that another thread of this process holds, which must not open it meanwhile.
 *
 * @param disk - how this thread writes
 */
export function joinLease({ root, slot, lock, limits, ...options }: SharedFileLease, disk: Disk): Lease {
  const held = { held: () => isStill(lock), release() {} }
  return new FileLease(root, slot, held, { ...options, disk, limits: { ...limits, now: Date.now } })
}

/** The same for one slot and no other. @returns undefined when a living process holds it */
export function leaseThis(dir: string, slot: string, options: FileLeaseOptions): Lease | undefined {
  const root = resolve(dir)
  try {
    const lock = options.disk.lock(join(root, lockName(slot)))
    return lock && new FileLease(root, slot, lock, options)
  } catch (cause) {
    throw unwritable(root, cause)
  }
}

class FileLease implements Lease {
  readonly slot: string
  readonly #root: string
  readonly #lock: DiskLock
  readonly #options: FileLeaseOptions
  #opening: Task<FileLog> | undefined
  #log: FileLog | undefined
  #isRenewed = false

  constructor(root: string, slot: string, lock: DiskLock, options: FileLeaseOptions) {
    this.slot = slot
    this.#root = root
    this.#lock = lock
    this.#options = options
  }

  share(): SharedFileLease | undefined {
    const { disk, limits, thinning, ballastBytes, thread } = this.#options
    // A clock of somebody's own cannot be taken along.
    if (!thread || disk !== nodeDisk || limits.now !== Date.now || !this.#lock.file) return undefined
    const { now: _, ...others } = limits
    return { root: this.#root, slot: this.slot, lock: this.#lock.file, limits: others, thinning, ballastBytes }
  }

  async open(request: OpenRequest): Promise<FileLog> {
    this.#opening = new Task(this.#options.disk, this.#open(request))
    try {
      this.#log = await this.#opening.done
      return this.#log
    } catch (cause) {
      throw unwritable(join(this.#root, this.slot), cause)
    } finally {
      this.#opening = undefined
    }
  }

  openSync(request: OpenRequest): FileLog {
    const never = () => false
    try {
      this.#log ??= this.#opening?.finishSync(never) ?? runSync(this.#options.disk, this.#open(request), never)
      return this.#log
    } catch (cause) {
      throw unwritable(join(this.#root, this.slot), cause)
    }
  }

  renew(): FileLease {
    this.#isRenewed = true
    return new FileLease(this.#root, this.slot, this.#lock, this.#options)
  }

  release(): void {
    this.#log?.closeSync()
    if (!this.#isRenewed) this.#lock.release()
  }

  *#open(request: OpenRequest): Steps<FileLog> {
    const { newOrigin, publicKey } = request
    const { disk, limits, thinning, ballastBytes } = this.#options
    const { epoch, found } = yield* this.#find(request)
    const folder = this.#folder(epoch)
    const origin = (found.state === 'sound' ? found.log.origin : found.origin) ?? newOrigin(this.slot)
    const opened =
      found.state === 'sound'
        ? yield* recover(disk, folder, found.log, publicKey)
        : yield* createLog(disk, folder, origin, publicKey)
    const { checkpoints, tiles } = opened
    checkpoints.thinning = thinning
    let segments: SegmentStore | undefined
    try {
      const ballast = new Ballast(disk, folder, ballastBytes)
      yield* ballast.take()
      const head = yield* this.#cite(opened.head, epoch, request)
      segments = new SegmentStore(disk, folder, limits, opened.last)
      return new FileLog({ disk, folder, origin, head, lock: this.#lock, segments, checkpoints, tiles, ballast })
    } catch (error) {
      segments?.closeSync() // nothing of it is under way yet
      yield* checkpoints.close()
      throw error
    }
  }

  /** The epoch to go on with, and what it holds; never a damaged one. */
  *#find(request: OpenRequest): Steps<{ epoch: number; found: Exclude<Assessment, { state: 'damaged' }> }> {
    const { disk } = this.#options
    const folders = (disk.list(this.#root) ?? []).filter((name) => disk.stat(join(this.#root, name))?.isFolder)
    let epoch = newestEpoch(this.slot, folders) || 1
    let found = yield* this.#assess(epoch, request)
    // An epoch without a log takes the place of a damaged one only: else a mere `mkdir` would end the log before it.
    while (found.state === 'unfinished' && epoch > 1) {
      const before: Assessment = yield* this.#assess(epoch - 1, request)
      if (before.state === 'damaged') break
      found = before
      epoch--
    }
    // The damaged log stays as it is, evidence down to its last byte; the log that follows cites it.
    while (found.state === 'damaged') found = yield* this.#assess(++epoch, request)
    return { epoch, found }
  }

  #folder(epoch: number): string {
    return join(this.#root, epochName(this.slot, epoch))
  }

  #assess(epoch: number, { publicKey, previousKey, maxUnsignedMs, elsewhere }: OpenRequest): Steps<Assessment> {
    const options = { slot: this.slot, publicKey, previousKey, maxUnsignedMs, elsewhere }
    return assess(this.#options.disk, this.#folder(epoch), options)
  }

  /** As long as a log has no lines, nobody has read in it why it was begun; so that is found out again at each opening. */
  *#cite(head: Head, epoch: number, request: OpenRequest): Steps<Head> {
    if (head.size > 0 || epoch === 1) return head
    const before = yield* this.#assess(epoch - 1, request)
    return before.state === 'damaged' ? { ...head, previous: before.previous } : head
  }
}

function unwritable(path: string, cause: unknown): TrailproofError {
  if (cause instanceof TrailproofError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TrailproofError('TRAILPROOF_FOLDER_UNWRITABLE', `the log folder ${path} cannot be used: ${reason}`, {
    path,
    hint: isForbidden(cause)
      ? 'the permission model of Node (--experimental-permission) forbids fdatasync, without which no record is durable: leave it off'
      : 'give the process a folder that it may write to, on a local disk',
    cause,
  })
}

const isForbidden = (cause: unknown) => (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_ACCESS_DENIED'
