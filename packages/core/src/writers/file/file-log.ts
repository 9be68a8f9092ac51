// A log in a folder that this process holds: appends lines, keeps checkpoints, one call after the other.
import { TrailproofError } from '../../errors.js'
import type { Batch, Head, OpenLog } from '../writer.js'
import type { Ballast } from './ballast.js'
import type { CheckpointStore } from './checkpoints.js'
import { type Disk, type DiskLock, type FileFacts, isFull } from './disk.js'
import type { SegmentStore } from './segment.js'
import { runSync, type Steps, Task } from './steps.js'
import { type TileStore, tryStore, trySync } from './tiles.js'
import { addVkey } from './vkeys.js'

export interface FileLogParts {
  disk: Disk
  folder: string
  origin: string
  head: Head
  lock: DiskLock
  segments: SegmentStore
  checkpoints: CheckpointStore
  tiles: TileStore
  ballast: Ballast
}

/** How often finishSync tries to write the last lines; a failed attempt moves on to a fresh file. */
const LAST_ATTEMPTS = 3

export class FileLog implements OpenLog {
  readonly origin: string
  readonly folder: string
  readonly head: Head
  readonly #parts: FileLogParts
  readonly #facts: FileFacts
  #size: number
  #task: Task<void> | undefined
  #underWay: Batch | undefined
  #closed = false
  #isTakenOver = false

  constructor(parts: FileLogParts) {
    this.#parts = parts
    this.origin = parts.origin
    this.folder = parts.folder
    this.head = parts.head
    this.#size = parts.head.size
    this.#facts = parts.disk.stat(parts.folder)!
  }

  async append(batch: Batch): Promise<void> {
    this.#underWay = batch
    await this.#run(this.#append(batch))
    this.#underWay = undefined // stays after a failure: the caller may not have heard of it when the process ends
  }

  putCheckpoint(note: string, { sync }: { size: number; sync: boolean }): Promise<void> {
    return this.#run(this.#keep(note, sync))
  }

  addKey(publicKey: Uint8Array): Promise<void> {
    this.#checkFolder()
    return this.#run(addVkey(this.#parts.disk, this.#parts.folder, this.origin, publicKey))
  }

  finishSync(batch: Batch | undefined, sign: ((size: number) => string) | undefined, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs
    const expired = () => performance.now() > deadline
    try {
      this.#finishTask(expired)
      const begun = this.#underWay
      // What was under way may have failed on its way to the end; then it is written again, elsewhere.
      if (begun && begun.first === this.#size && begun.first !== batch?.first)
        this.#insist(() => this.#append(begun), expired)
      if (batch) this.#insist(() => this.#append(batch), expired)
      const note = sign?.(this.#size)
      if (note !== undefined) this.#insist(() => this.#keep(note, true), expired)
      return true
    } catch {
      return false
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.#run(this.#parts.checkpoints.close())
    this.closeSync()
  }

  /** Closes what is open, without syncing. */
  closeSync(): void {
    this.#closed = true
    if (this.#isTakenOver) return // a thread may still hold a descriptor, whose number must not come to mean another file
    this.#parts.checkpoints.closeSync()
    this.#parts.segments.closeSync()
  }

  async #run(steps: Steps<void>): Promise<void> {
    if (this.#closed) throw new TrailproofError('TRAILPROOF_CLOSED', 'the log is closed')
    const task = new Task(this.#parts.disk, steps)
    this.#task = task
    try {
      await task.done
    } finally {
      this.#task = undefined
    }
  }

  #finishTask(expired: () => boolean): void {
    this.#isTakenOver ||= this.#task !== undefined
    try {
      this.#task?.finishSync(expired)
    } catch {} // told by the size, which has not grown
  }

  #insist(steps: () => Steps<void>, expired: () => boolean): void {
    for (let attempt = 1; ; attempt++)
      try {
        runSync(this.#parts.disk, steps(), expired)
        return
      } catch (error) {
        if (attempt === LAST_ATTEMPTS || expired()) throw error
      }
  }

  *#append(batch: Batch): Steps<void> {
    if (batch.first !== this.#size)
      throw new TrailproofError(
        'TRAILPROOF_WRITE_FAILED',
        `lines from ${batch.first} do not follow the ${this.#size} that are there`,
        {
          expected: this.#size,
          found: batch.first,
        },
      )
    this.#checkFolder()
    const { segments, tiles, ballast } = this.#parts
    try {
      for (const part of splitBatch(batch, (next) => segments.room(next)))
        yield* segments.append(part.first, part.bytes, part.lines)
      this.#checkFolder() // a file made meanwhile may stand in a copy that was put in the folder's place
    } catch (cause) {
      yield* segments.abandon()
      if (isFull(cause)) ballast.giveHalf()
      throw failure(cause, this.#parts.folder, 'lines could not be written', 'unknown')
    }
    // Durable from here on, names of files and folders included.
    segments.confirm()
    this.#size += batch.count
    tiles.appendAll(batch.leafHashes)
  }

  *#keep(note: string, sync: boolean): Steps<void> {
    this.#checkFolder()
    const { checkpoints, tiles, ballast } = this.#parts
    try {
      try {
        if (sync) yield* tryStore(tiles) // before the checkpoint: whoever reads that finds its tiles
        yield* checkpoints.keep(note, sync)
      } catch (cause) {
        if (!isFull(cause) || !ballast.giveAll()) throw cause
        // At once, or the next lines would take the room; and alone, since tiles can be made at any time.
        yield* checkpoints.keep(note, sync)
      }
      this.#checkFolder()
      if (sync) yield* trySync(tiles)
    } catch (cause) {
      throw failure(cause, this.#parts.folder, 'the checkpoint could not be kept', 'written')
    }
    yield* this.#restoreBallast()
  }

  /** Before lines take the room of the next checkpoint. The log can do without. */
  *#restoreBallast(): Steps<void> {
    try {
      yield* this.#parts.ballast.take()
    } catch {}
  }

  /** The folder must still be the one that was opened, and the lock still keep others out of it. */
  #checkFolder(): void {
    const { disk, folder, lock } = this.#parts
    const now = disk.stat(folder)
    if (now?.ino === this.#facts.ino && now.dev === this.#facts.dev && lock.held()) return
    throw new TrailproofError(
      'TRAILPROOF_FOLDER_CHANGED',
      `${folder} or its lock file was removed or replaced while the log was open`,
      {
        path: folder,
        hint: 'put the folder back or restart the process; what could not be written is still in memory',
      },
    )
  }
}

/** The parts of a batch that go into one segment each; usually one. `room` is asked again after each part. */
function* splitBatch(
  batch: Batch,
  room: (next: number) => number,
): Generator<{ first: number; bytes: Uint8Array; lines: number }> {
  const total = batch.count
  for (let done = 0, from = 0; done < total; ) {
    const lines = Math.min(room(batch.first + done), total - done)
    let to = batch.bytes.length
    if (done + lines < total) for (let i = 0, at = from; i < lines; i++) to = at = batch.bytes.indexOf(10, at) + 1
    yield { first: batch.first + done, bytes: batch.bytes.subarray(from, to), lines }
    done += lines
    from = to
  }
}

function failure(cause: unknown, path: string, message: string, record: 'unknown' | 'written'): TrailproofError {
  if (cause instanceof TrailproofError) return cause
  const full = isFull(cause)
  return new TrailproofError('TRAILPROOF_WRITE_FAILED', `${message} to ${path}${full ? ': the disk is full' : ''}`, {
    path,
    record,
    full,
    cause,
  })
}
