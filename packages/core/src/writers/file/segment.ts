// The segment that lines are added to. The first write or fsync that fails or comes up short ends its life: after a
// failed fsync the kernel calls lost pages clean, so neither reading it nor syncing again would tell the truth.
import { join } from 'node:path'
import { TILE_WIDTH } from '@trailproof/tlog'
import { TrailproofError } from '../../errors.js'
import { type Disk, isFull } from './disk.js'
import { ensureFolder, syncFolder, writeWhole } from './durable.js'
import { SEGMENTS, segmentName, segmentsAmong } from './layout.js'
import type { LastSegment } from './recover.js'
import type { Steps } from './steps.js'

export interface SegmentLimits {
  /** A segment is full with this many lines; a multiple of 256, so that tiles do not straddle segments. */
  records: number
  bytes: number
  /**
   * A segment whose first line is older than this is closed at the next multiple of 256 lines: retention removes whole
   * segments, and a segment that ended inside a tile would leave an entry bundle of which one half is gone.
   */
  ageMs: number
  /** Milliseconds since 1970. */
  now(): number
}

interface Current {
  fd: number
  path: string
  ino: number
  first: number
  lines: number
  bytes: number
  begunAt: number
}

export class SegmentStore {
  readonly #disk: Disk
  readonly #folder: string
  readonly #limits: SegmentLimits
  readonly #unconfirmed = new Map<string, number>() // name to inode of files that hold no line of which anyone was told
  #current: Current | undefined

  constructor(disk: Disk, folder: string, limits: SegmentLimits, last: LastSegment | undefined) {
    this.#disk = disk
    this.#folder = join(folder, SEGMENTS)
    this.#limits = limits
    if (last && !this.#isFull(last)) this.#current = this.#reopen(last)
  }

  /** How many of the lines from index `next` on go into one segment: the present one, or a new one when that is full. */
  room(next: number): number {
    const current = this.#current
    return current && !this.#isFull(current)
      ? this.#capacity(current) - current.lines
      : this.#capacity({ first: next, lines: 0, begunAt: this.#limits.now() })
  }

  /**
   * Writes lines and makes them durable, in a new segment where the present one is full or was given up.
   *
   * @param first - index of the first line; everything below is durable
   */
  *append(first: number, bytes: Uint8Array, lines: number): Steps<void> {
    yield* this.#finishFull()
    const current = this.#current ?? (yield* this.#begin(first))
    this.#checkSame(current)
    try {
      yield* writeWhole(current.fd, bytes, current.bytes)
      yield { do: 'sync', fd: current.fd }
    } catch (error) {
      yield* this.#giveUp(current, error)
      throw error
    }
    current.bytes += bytes.length
    current.lines += lines
  }

  /**
   * Gives the present segment up, since a batch of which part stands in it will be written again as a whole:
   * the next segment is then named by its first line, and wins.
   */
  *abandon(): Steps<void> {
    if (this.#current) yield { do: 'close', fd: this.#current.fd }
    this.#current = undefined
  }

  /** The last batch is durable as a whole: what stands in these files counts from now on. */
  confirm(): void {
    this.#unconfirmed.clear()
  }

  closeSync(): void {
    if (this.#current) this.#disk.close(this.#current.fd)
    this.#current = undefined
  }

  *#finishFull(): Steps<void> {
    if (this.#current && this.#isFull(this.#current)) yield* this.abandon()
  }

  #isFull(segment: LastSegment): boolean {
    return segment.lines >= this.#capacity(segment) || segment.bytes >= this.#limits.bytes
  }

  /** A segment that began in the middle of a tile, after a failure, ends with one all the same; one that is old, sooner. */
  #capacity({ first, lines, begunAt }: Pick<LastSegment, 'first' | 'lines' | 'begunAt'>): number {
    const old = this.#limits.now() - begunAt >= this.#limits.ageMs
    const end = old && lines > 0 ? Math.ceil((first + lines) / TILE_WIDTH) * TILE_WIDTH : Number.POSITIVE_INFINITY
    return Math.min(this.#limits.records - (first % TILE_WIDTH), end - first)
  }

  *#begin(first: number): Steps<Current> {
    yield* ensureFolder(this.#disk, this.#folder)
    yield* this.#removeUnconfirmed(first)
    const name = segmentName(first)
    const path = join(this.#folder, name)
    const fd = this.#disk.open(path, 'create')
    this.#unconfirmed.set(name, this.#disk.fstat(fd).ino)
    try {
      yield* syncFolder(this.#disk, this.#folder) // its name must survive before its lines are acknowledged
    } catch (error) {
      yield { do: 'close', fd }
      throw error
    }
    this.#current = { fd, path, ino: this.#disk.fstat(fd).ino, first, lines: 0, bytes: 0, begunAt: this.#limits.now() }
    return this.#current
  }

  /** Files of failed attempts, at `first` or behind it: their lines are all still in memory, and will be written again. */
  *#removeUnconfirmed(first: number): Steps<void> {
    let removed = false
    for (const segment of segmentsAmong(this.#disk.list(this.#folder) ?? [])) {
      if (segment.first < first) continue
      const path = join(this.#folder, segment.name)
      if (this.#unconfirmed.get(segment.name) !== this.#disk.stat(path)?.ino)
        throw new TrailproofError('TRAILPROOF_FOLDER_CHANGED', `${path} was put there by someone else`, {
          path,
          hint: 'stop what else writes to this folder',
        })
      this.#disk.remove(path)
      this.#unconfirmed.delete(segment.name)
      removed = true
    }
    if (removed) yield* syncFolder(this.#disk, this.#folder)
  }

  /** Someone may have removed or replaced the file; then bytes written to our descriptor would reach nobody. */
  #checkSame(current: Current): void {
    const now = this.#disk.stat(current.path)
    if (now?.ino === current.ino && now.nlink > 0 && now.size === current.bytes) return
    this.closeSync()
    throw new TrailproofError('TRAILPROOF_FOLDER_CHANGED', `${current.path} is not the file that was written`, {
      path: current.path,
      expected: current.bytes,
      ...(now && { found: now.size }),
      hint: 'the log goes on in a new segment; run trailproof verify',
    })
  }

  *#giveUp(current: Current, error: unknown): Steps<void> {
    this.#current = undefined
    // A full disk is not a broken one: the torn bytes are given back, since what comes next needs the room.
    if (isFull(error)) this.#tryTruncate(current)
    yield { do: 'close', fd: current.fd }
  }

  #tryTruncate({ fd, bytes }: Current): void {
    try {
      this.#disk.truncate(fd, bytes)
    } catch {} // readers leave out what a later segment supersedes
  }

  #reopen(last: LastSegment): Current {
    const path = join(this.#folder, segmentName(last.first))
    const fd = this.#disk.open(path, 'edit')
    try {
      return { fd, path, ino: this.#disk.fstat(fd).ino, ...last }
    } catch (error) {
      this.#disk.close(fd)
      throw error
    }
  }
}
