// Slots: each process writes a log of its own, in the lowest slot that no living process holds.
import { join, resolve } from 'node:path'
import { TrailproofError } from '../../errors.js'
import type { Head, Lease, OpenRequest } from '../writer.js'
import { type Assessment, assess } from './assess.js'
import { Ballast } from './ballast.js'
import { createLog } from './create.js'
import type { Disk, DiskLock } from './disk.js'
import { ensureFolders } from './durable.js'
import { FileLog } from './file-log.js'
import { epochName, lockName, newestEpoch, slotName } from './layout.js'
import { recover } from './recover.js'
import { type SegmentLimits, SegmentStore } from './segment.js'
import { runSync, runSyncAndClose, type Steps, Task } from './steps.js'

export interface FileLeaseOptions {
  disk: Disk
  limits: SegmentLimits
  ballastBytes: number
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

class FileLease implements Lease {
  readonly slot: string
  readonly #root: string
  readonly #lock: DiskLock
  readonly #options: FileLeaseOptions
  #opening: Task<FileLog> | undefined
  #log: FileLog | undefined

  constructor(root: string, slot: string, lock: DiskLock, options: FileLeaseOptions) {
    this.slot = slot
    this.#root = root
    this.#lock = lock
    this.#options = options
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

  release(): void {
    this.#log?.closeSync()
    this.#lock.release()
  }

  *#open({ newOrigin, publicKey }: OpenRequest): Steps<FileLog> {
    const { disk, limits, ballastBytes } = this.#options
    const { epoch, found } = yield* this.#find(publicKey)
    const folder = this.#folder(epoch)
    const origin = (found.state === 'sound' ? found.log.origin : found.origin) ?? newOrigin(this.slot)
    const opened =
      found.state === 'sound'
        ? yield* recover(disk, folder, found.log)
        : yield* createLog(disk, folder, origin, publicKey)
    const { checkpoints, tiles } = opened
    let segments: SegmentStore | undefined
    try {
      const ballast = new Ballast(disk, folder, ballastBytes)
      yield* ballast.take()
      const head = yield* this.#cite(opened.head, epoch, publicKey)
      segments = new SegmentStore(disk, folder, limits, opened.last)
      return new FileLog({ disk, folder, origin, head, lock: this.#lock, segments, checkpoints, tiles, ballast })
    } catch (error) {
      segments?.closeSync() // nothing of it is under way yet
      yield* checkpoints.close()
      throw error
    }
  }

  /** The epoch to go on with, and what it holds; never a damaged one. */
  *#find(publicKey: Uint8Array): Steps<{ epoch: number; found: Exclude<Assessment, { state: 'damaged' }> }> {
    const { disk } = this.#options
    const folders = (disk.list(this.#root) ?? []).filter((name) => disk.stat(join(this.#root, name))?.isFolder)
    let epoch = newestEpoch(this.slot, folders) || 1
    let found = yield* this.#assess(epoch, publicKey)
    // An epoch without a log takes the place of a damaged one only: else a mere `mkdir` would end the log before it.
    while (found.state === 'unfinished' && epoch > 1) {
      const before: Assessment = yield* this.#assess(epoch - 1, publicKey)
      if (before.state === 'damaged') break
      found = before
      epoch--
    }
    // The damaged log stays as it is, evidence down to its last byte; the log that follows cites it.
    while (found.state === 'damaged') found = yield* this.#assess(++epoch, publicKey)
    return { epoch, found }
  }

  #folder(epoch: number): string {
    return join(this.#root, epochName(this.slot, epoch))
  }

  #assess(epoch: number, publicKey: Uint8Array): Steps<Assessment> {
    return assess(this.#options.disk, this.#folder(epoch), { slot: this.slot, publicKey })
  }

  /** As long as a log has no lines, nobody has read in it why it was begun; so that is found out again at each opening. */
  *#cite(head: Head, epoch: number, publicKey: Uint8Array): Steps<Head> {
    if (head.size > 0 || epoch === 1) return head
    const before = yield* this.#assess(epoch - 1, publicKey)
    return before.state === 'damaged' ? { ...head, previous: before.previous } : head
  }
}

function unwritable(path: string, cause: unknown): TrailproofError {
  if (cause instanceof TrailproofError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TrailproofError('TRAILPROOF_FOLDER_UNWRITABLE', `the log folder ${path} cannot be used: ${reason}`, {
    path,
    hint: 'give the process a folder that it may write to, on a local disk',
    cause,
  })
}
