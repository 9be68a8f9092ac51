// A recovery that signs a log from record 0 is what the first moments of a log may need: its first checkpoint comes within
// milliseconds. In a log that had lived longer, somebody removed the checkpoints, and the recovery signed what it found.
import type { Reader } from './reader.js'
import type { Problem } from './report.js'

/** So much of a log may be unsigned at its beginning. */
const BEGINNING_MS = 10_000
const STARTED = '"audit.started"'

/**
 * @param recovered - ranges that a recovery signed
 * @param size - whole lines
 */
export async function signedAnew(
  reader: Reader,
  recovered: readonly { from: number; to: number }[],
  size: number,
): Promise<Problem[]> {
  const to = Math.min(
    size,
    recovered.reduce((end, range) => (range.from === 0 ? Math.max(end, range.to) : end), 0),
  )
  if (to <= 1) return []
  let starts = 0
  let first = Number.NaN
  let last = Number.NaN
  for await (const { first: base, limit, bytes, ends } of reader.read(0)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let start = 0
    for (const [k, end] of ends.entries()) {
      const index = base + k
      if (index < Math.min(limit, to)) {
        const line = text.subarray(start, end)
        if (index === 0) first = timeOf(line)
        if (index === to - 1) last = timeOf(line)
        if (line.includes(STARTED) && eventOf(line) === 'audit.started') starts++
      }
      start = end + 1
    }
    if (base + ends.length >= to) break
  }
  if (starts <= 1 && !(last - first > BEGINNING_MS)) return []
  const detail = 'the log was signed anew from its beginning: its checkpoints had been removed'
  return [{ kind: 'rolled_back', from: 0, to, detail }]
}

const timeOf = (line: Buffer): number => Date.parse(String(parsed(line).time))
const eventOf = (line: Buffer): unknown => parsed(line).event

function parsed(line: Buffer): { time?: unknown; event?: unknown } {
  try {
    return (JSON.parse(line.toString()) ?? {}) as { time?: unknown; event?: unknown }
  } catch {
    return {}
  }
}
