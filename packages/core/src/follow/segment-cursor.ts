// A place in a growing log: remembers the byte where the next line begins, so that following costs what is new and no more.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lineEnds } from '../verify/reader.js'
import { openRegular } from '../verify/regular.js'
import { SEGMENTS, type Segment, segmentsAmong } from '../writers/file/layout.js'
import { unreadable } from './unreadable.js'

/** More than any record has, so a piece without a line end is no part of one. */
const PIECE = 256 * 1024

/** One line with its leaf index. `bytes` is the line without its `\n`, the caller's to keep. */
export interface Line {
  index: number
  bytes: Uint8Array
}

export class SegmentCursor {
  /** Index of the next line. */
  index: number
  readonly #dir: string
  #segment = -1
  #at = 0 // index of the line that begins at #offset of #segment
  #offset = 0

  constructor(dir: string, from: number) {
    this.#dir = join(dir, SEGMENTS)
    this.index = from
  }

  /**
   * The next lines below `end`; fewer when the rest has not reached the disk.
   *
   * The folder is listed after the caller learnt `end`: a segment that superseded lines was there before they were signed.
   *
   * @throws TRAILPROOF_LOG_UNREADABLE a line is longer than any record, or a segment is no file
   */
  async *lines(end: number): AsyncGenerator<Line> {
    let segments = await this.#list()
    while (this.index < end) {
      const place = this.#find(segments)
      if (!place) return
      const before = this.index
      try {
        yield* this.#segmentLines(place.segment, Math.min(end, place.limit))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        segments = await this.#list()
        if (!(segments[0] && segments[0].first > place.segment.first)) throw error
        continue // retention removed it since the folder was listed
      }
      if (this.index === before) return
    }
  }

  async #list(): Promise<Segment[]> {
    return segmentsAmong(await readdir(this.#dir).catch(() => []))
  }

  // The last segment that begins at or before the index has it. What was removed by retention is stepped over.
  #find(segments: readonly Segment[]): { segment: Segment; limit: number } | undefined {
    const first = segments[0]
    if (!first) return undefined
    if (this.index < first.first) this.index = first.first
    const n = segments.findLastIndex((segment) => segment.first <= this.index)
    return { segment: segments[n]!, limit: segments[n + 1]?.first ?? Number.POSITIVE_INFINITY }
  }

  async *#segmentLines({ first, name }: Segment, end: number): AsyncGenerator<Line> {
    if (first !== this.#segment) {
      this.#segment = first
      this.#at = first
      this.#offset = 0
    }
    const path = join(this.#dir, name)
    const file = await openRegular(path)
    if (!file) throw unreadable(path, `${path} is no file`)
    try {
      while (this.index < end) {
        const buffer = Buffer.allocUnsafe(PIECE)
        const { bytesRead } = await file.read(buffer, 0, PIECE, this.#offset)
        const bytes = buffer.subarray(0, bytesRead)
        const ends = lineEnds(bytes)
        if (ends.length === 0 && bytesRead < PIECE) return // half a line: the rest will come
        if (ends.length === 0) throw unreadable(path, `the line at index ${this.#at} is longer than any record`)
        yield* this.#cut(bytes, ends, end)
      }
    } finally {
      await file.close()
    }
  }

  // The place moves before a line is handed out: whoever stops in the middle goes on with the next.
  *#cut(bytes: Uint8Array, ends: readonly number[], end: number): Generator<Line> {
    const base = this.#offset
    let start = 0
    for (const at of ends) {
      if (this.#at >= end) return
      const line = { index: this.#at, bytes: bytes.slice(start, at) }
      start = at + 1
      this.#at++
      this.#offset = base + start
      if (line.index < this.index) continue
      this.index = this.#at
      // A signed line has no NUL; one that has was changed, and verify is who says so.
      if (!line.bytes.includes(0)) yield line
    }
  }
}
