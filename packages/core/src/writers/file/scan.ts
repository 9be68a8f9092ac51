// Reading lines out of a segment, in pieces, in constant memory.
import { isUtf8 } from 'node:buffer'
import { MAX_ENTRY_BYTES } from '@trailproof/tlog'
import type { Disk } from './disk.js'
import { breathe, type Steps } from './steps.js'

const PIECE = 256 * 1024
const NEWLINE = 10

/**
 * One line: bytes `[start, end)` of `buffer`, without its `\n`; `start` is at least 1, and the byte before may be borrowed.
 *
 * @returns false to stop before this line
 */
export type VisitLine = (buffer: Buffer, start: number, end: number) => boolean

/**
 * Shows each line that ends in `\n`, in order, until `visit` stops it, a line is too long, or the file ends.
 *
 * @returns the offset behind the last line that was accepted: what follows is no line or was not wanted
 */
export function* scanLines(disk: Disk, path: string, visit: VisitLine): Steps<number> {
  const fd = disk.open(path, 'read')
  const buffer = Buffer.allocUnsafe(1 + MAX_ENTRY_BYTES + 1 + PIECE)
  let accepted = 0
  let held = 0 // bytes of an unfinished line at the front of the buffer
  try {
    for (;;) {
      const read = disk.read(fd, buffer.subarray(1 + held, 1 + held + PIECE), accepted + held)
      if (read === 0) return accepted
      const end = 1 + held + read
      let start = 1
      for (let newline = 0; ; start = newline + 1) {
        newline = buffer.subarray(0, end).indexOf(NEWLINE, start)
        if (newline < 0) break
        if (newline - start > MAX_ENTRY_BYTES || !visit(buffer, start, newline)) return accepted
        accepted += newline + 1 - start
      }
      held = end - start
      if (held > MAX_ENTRY_BYTES) return accepted
      buffer.copyWithin(1, start, end)
      yield breathe
    }
  } finally {
    yield { do: 'close', fd }
  }
}

/** What a crash cannot fake: a line of text that is a JSON object and says that it is number `seq`. */
export function isWholeLine(buffer: Buffer, start: number, end: number, seq: number): boolean {
  const line = buffer.subarray(start, end)
  if (line.includes(0) || !isUtf8(line)) return false
  try {
    const value: unknown = JSON.parse(line.toString('utf8'))
    return typeof value === 'object' && value !== null && (value as { seq?: unknown }).seq === seq
  } catch {
    return false
  }
}

/** Cheap look at a line's number, for naming the first that is out of place. */
export function saysSeq(buffer: Buffer, start: number, end: number, seq: number): boolean {
  const prefix = `{"v":1,"seq":${seq},`
  return end - start > prefix.length && buffer.toString('latin1', start, start + prefix.length) === prefix
}

/**
 * True when the first and the last line of a segment have the numbers that its name and its successor's ask for.
 * Reads two lines, whatever the size.
 */
export function endsFit(disk: Disk, path: string, size: number, first: number, next: number): boolean {
  const fd = disk.open(path, 'read')
  try {
    const head = Buffer.alloc(64)
    disk.read(fd, head, 0)
    const tail = Buffer.alloc(Math.min(size, MAX_ENTRY_BYTES + 2))
    if (disk.read(fd, tail, size - tail.length) !== tail.length || tail.at(-1) !== NEWLINE) return false
    const start = tail.subarray(0, -1).lastIndexOf(NEWLINE) + 1
    return saysSeq(head, 0, head.length, first) && saysSeq(tail, start, tail.length - 1, next - 1)
  } finally {
    disk.close(fd)
  }
}

/** The last whole line of a file, without its `\n`; undefined when there is none. Reads no more than one line can have. */
export function lastLine(disk: Disk, path: string): Buffer | undefined {
  const fd = disk.open(path, 'read')
  try {
    const { size } = disk.fstat(fd)
    const tail = Buffer.alloc(Math.min(size, 2 * (MAX_ENTRY_BYTES + 2)))
    const read = tail.subarray(0, disk.read(fd, tail, size - tail.length))
    const end = read.lastIndexOf(NEWLINE)
    return end < 0 ? undefined : read.subarray(end === 0 ? 0 : read.lastIndexOf(NEWLINE, end - 1) + 1, end)
  } finally {
    disk.close(fd)
  }
}

/** The first line of a file, without its `\n`; undefined when there is none. */
export function firstLine(disk: Disk, path: string): Buffer | undefined {
  const fd = disk.open(path, 'read')
  try {
    const head = Buffer.alloc(MAX_ENTRY_BYTES + 1)
    const end = head.subarray(0, disk.read(fd, head, 0)).indexOf(NEWLINE)
    return end < 0 ? undefined : head.subarray(0, end)
  } finally {
    disk.close(fd)
  }
}

/** `time` of a record, milliseconds since 1970; NaN when it has none that can be read. */
export function timeOfLine(line: Uint8Array | undefined): number {
  try {
    const { time } = JSON.parse(Buffer.from(line!).toString('utf8')) as { time?: unknown }
    return typeof time === 'string' ? Date.parse(time) : Number.NaN
  } catch {
    return Number.NaN
  }
}
