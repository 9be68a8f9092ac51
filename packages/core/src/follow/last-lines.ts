// The last lines of a log, read from its end: the size of the log does not matter, nor what somebody put behind it.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openRegular } from '../verify/regular.js'
import { SEGMENTS, segmentsAmong } from '../writers/file/layout.js'
import { unreadable } from './unreadable.js'

const PIECE = 256 * 1024
/** More than any record has. */
const MAX_LINE = PIECE

/**
 * The last `count` whole lines, oldest first, without their `\n`; signed or not.
 *
 * @throws TRAILPROOF_LOG_UNREADABLE one of them is longer than any record, or a segment is no file
 */
export async function lastLines(dir: string, count: number): Promise<Uint8Array[]> {
  const segments = segmentsAmong(await readdir(join(dir, SEGMENTS)).catch(() => []))
  const found: Uint8Array[] = []
  for (let i = segments.length - 1; i >= 0 && found.length < count; i--) {
    const limit = segments[i + 1]?.first ?? Number.POSITIVE_INFINITY
    try {
      for await (const line of backwards(join(dir, SEGMENTS, segments[i]!.name))) {
        if (counts(line, limit)) found.push(line)
        if (found.length >= count) break
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      break // retention removed it since the folder was listed, and all before it
    }
  }
  return found.reverse()
}

// Lines at the end of a segment whose number the next one has too were superseded.
function counts(line: Uint8Array, limit: number): boolean {
  if (line.includes(0)) return false
  if (limit === Number.POSITIVE_INFINITY) return true
  try {
    return (JSON.parse(Buffer.from(line).toString()) as { seq?: number }).seq! < limit
  } catch {
    return false
  }
}

// Whole lines from the last to the first. Never more than one line and one piece is kept.
async function* backwards(path: string): AsyncGenerator<Uint8Array> {
  const file = await openRegular(path)
  if (!file) throw unreadable(path, `${path} is no file`)
  try {
    const buffer = Buffer.alloc(PIECE)
    let tail: Uint8Array | undefined // end of the line whose beginning comes with the next piece; none before the last `\n`
    for (let end = (await file.stat()).size; end > 0; ) {
      const start = Math.max(0, end - PIECE)
      const { bytesRead } = await file.read(buffer, 0, end - start, start)
      if (bytesRead < end - start) throw unreadable(path, `${path} became shorter while it was read`)
      let stop = bytesRead
      for (let at = lastNewline(buffer, stop); at >= 0; at = lastNewline(buffer, stop)) {
        if (tail) yield Buffer.concat([buffer.subarray(at + 1, stop), tail])
        tail = new Uint8Array(0)
        stop = at
      }
      if (tail) tail = Buffer.concat([buffer.subarray(0, stop), tail])
      if (tail && tail.length > MAX_LINE) throw unreadable(path, `${path} holds a line that is longer than any record`)
      end = start
    }
    if (tail) yield tail
  } finally {
    await file.close()
  }
}

const lastNewline = (buffer: Buffer, before: number) => (before > 0 ? buffer.lastIndexOf(0x0a, before - 1) : -1)
