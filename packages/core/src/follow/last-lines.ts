// The last lines of a log, read from its end: the size of the log does not matter.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lineEnds } from '../verify/reader.js'
import { SEGMENTS, segmentsAmong } from '../writers/file/layout.js'

const PIECE = 64 * 1024

/** The last `count` whole lines, oldest first, without their `\n`; signed or not. */
export async function lastLines(dir: string, count: number): Promise<Uint8Array[]> {
  const segments = segmentsAmong(await readdir(join(dir, SEGMENTS)).catch(() => []))
  let found: Uint8Array[] = []
  for (let i = segments.length - 1; i >= 0 && found.length < count; i--) {
    const limit = segments[i + 1]?.first ?? Number.POSITIVE_INFINITY
    const lines = await endOf(
      join(dir, SEGMENTS, segments[i]!.name),
      (line) => counts(line, limit),
      count - found.length,
    )
    found = [...lines, ...found]
  }
  return found
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

async function endOf(path: string, wanted: (line: Uint8Array) => boolean, count: number): Promise<Uint8Array[]> {
  if (count <= 0) return []
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    for (let window = PIECE; ; window *= 4) {
      const start = Math.max(0, size - window)
      const bytes = Buffer.alloc(size - start)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
      const lines = linesOf(bytes.subarray(0, bytesRead), start === 0).filter(wanted)
      if (lines.length >= count || start === 0) return lines.slice(-count)
    }
  } finally {
    await file.close()
  }
}

// The first line of a piece that begins inside the file has lost its beginning.
function linesOf(bytes: Uint8Array, whole: boolean): Uint8Array[] {
  const ends = lineEnds(bytes)
  const lines = ends.map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1]! + 1, end))
  return whole ? lines : lines.slice(1)
}
