// Finds lines by index in a log that may be growing. Of each segment it remembers where every 256th line begins, so that
// whoever fetches a log bundle by bundle costs one pass over its bytes, not one pass for each bundle.
import type { FileHandle } from 'node:fs/promises'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TILE_WIDTH } from '@trailproof/tlog'
import { openRegular } from '../verify/regular.js'
import { SEGMENTS, type Segment, segmentsAmong } from '../writers/file/layout.js'

const PIECE = 256 * 1024
const KEPT_SEGMENTS = 1024
/** Room for the lines from a known place to the last one wanted, all of the greatest length. */
const MAX_SPAN = 2 * TILE_WIDTH * 64 * 1024

/** What is known of a segment file. */
interface Known {
  /** Which file it was: inodes are used again, so with its birth. */
  file: string
  /** Offset at which line 0, 256, 512, … of the segment begins. */
  marks: number[]
  /** Whole lines seen, and the offset behind them. */
  lines: number
  end: number
}

export class LinePlaces {
  readonly #dir: string
  readonly #known = new Map<string, Known>()
  #busy: Promise<unknown> = Promise.resolve()

  constructor(dir: string) {
    this.#dir = join(dir, SEGMENTS)
  }

  /**
   * Lines `from` up to and without `to`, without their `\n`; at most 256.
   *
   * @returns undefined when one of them is not there
   */
  read(from: number, to: number): Promise<Uint8Array[] | undefined> {
    const reading = this.#busy.then(() => this.#read(from, to)) // in turn: they share what is known
    this.#busy = reading.catch(() => {})
    return reading
  }

  async #read(from: number, to: number): Promise<Uint8Array[] | undefined> {
    const segments = segmentsAmong(await readdir(this.#dir).catch(() => []))
    const lines: Uint8Array[] = []
    for (let at = from; at < to; ) {
      const n = segments.findLastIndex(({ first }) => first <= at)
      const segment = segments[n]
      if (!segment) return undefined
      // Where a segment holds more lines than the next one's name allows, the later one has them.
      const end = Math.min(to, segments[n + 1]?.first ?? Number.POSITIVE_INFINITY)
      const part = await this.#segmentLines(segment, at - segment.first, end - segment.first)
      if (!part) return undefined
      lines.push(...part)
      at = end
    }
    return lines
  }

  async #segmentLines({ name }: Segment, from: number, to: number): Promise<Uint8Array[] | undefined> {
    const file = await openRegular(join(this.#dir, name)).catch(() => undefined)
    if (!file) return undefined
    try {
      const known = await this.#knownOf(name, file)
      await learn(known, file, to)
      if (known.lines < to) return undefined
      const mark = Math.floor(from / TILE_WIDTH)
      const start = known.marks[mark]!
      const stop = known.marks[Math.ceil(to / TILE_WIDTH)] ?? known.end
      if (stop - start > MAX_SPAN) return undefined // no records are as long as that
      const bytes = await readSpan(file, start, stop)
      return bytes && cut(bytes, from - mark * TILE_WIDTH, to - from)
    } finally {
      await file.close()
    }
  }

  async #knownOf(name: string, file: FileHandle): Promise<Known> {
    const { ino, birthtimeMs, size } = await file.stat()
    const id = `${ino} ${birthtimeMs}`
    let known = this.#known.get(name)
    this.#known.delete(name)
    // Recovery puts a fresh file in place of one with a torn end.
    if (!known || known.file !== id || size < known.end) known = { file: id, marks: [0], lines: 0, end: 0 }
    this.#known.set(name, known)
    if (this.#known.size > KEPT_SEGMENTS) this.#known.delete(this.#known.keys().next().value!)
    return known
  }
}

/** Reads on until `lines` are known, or the file ends. */
async function learn(known: Known, file: FileHandle, lines: number): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE)
  for (let at = known.end; known.lines < lines; ) {
    const { bytesRead } = await file.read(piece, 0, PIECE, at)
    if (bytesRead === 0) return
    const bytes = piece.subarray(0, bytesRead)
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, end + 1)) {
      known.lines++
      known.end = at + end + 1
      if (known.lines % TILE_WIDTH === 0) known.marks.push(known.end)
    }
    at += bytesRead
  }
}

async function readSpan(file: FileHandle, start: number, stop: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(stop - start)
  for (let length = 0; length < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, start + length)
    if (bytesRead === 0) return undefined
    length += bytesRead
  }
  return bytes
}

function cut(bytes: Buffer, skip: number, count: number): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let start = 0, n = 0; lines.length < count; n++) {
    const end = bytes.indexOf(0x0a, start)
    if (n >= skip) lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return lines
}
