// A recovery that signs a log from record 0 is what the first moments of a log may need: its first checkpoint comes within
// milliseconds. In a log that had lived longer, somebody removed the checkpoints, and the recovery signed what it found.
import type { Reader } from './reader.js'
import type { Problem } from './report.js'

/** So much of a log may be unsigned at its beginning, for a local key. */
const BEGINNING_MS = 10_000
const STARTED = '"audit.started"'
const RECOVERED = '"audit.recovered"'

/**
 * A key in another place may be away for longer, through several starts. For how long, the process that recovered the log
 * says in its `audit.started`: that stands behind the range, under its signature, where whoever changed the range could
 * not write it.
 *
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
  const beginning = new Beginning(to)
  for await (const { first, limit, bytes, ends } of reader.read(0)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let start = 0
    for (const [k, end] of ends.entries()) {
      if (first + k < limit) beginning.see(text.subarray(start, end), first + k)
      start = end + 1
    }
    if (beginning.isOver) break
  }
  if (beginning.isHonest) return []
  const detail = 'the log was signed anew from its beginning: its checkpoints had been removed'
  return [{ kind: 'rolled_back', from: 0, to, detail }]
}

/** Is shown the lines of a log, from the first to the recovery's own. */
class Beginning {
  isOver = false
  #starts = 0
  #recoveries = 0
  #begin = Number.NaN
  #span = 0 // from the first line to the last of the range
  #longest = 0 // the same between two recoveries
  #spanBegin = Number.NaN
  #maxUnsignedMs: number | undefined

  constructor(readonly to: number) {}

  see(line: Buffer, index: number): void {
    if (this.isOver) return
    const event = line.includes(STARTED) || line.includes(RECOVERED) ? parsed(line).event : undefined
    if (index >= this.to) this.#own(line, event)
    else this.#inRange(line, event, index)
  }

  #inRange(line: Buffer, event: unknown, index: number): void {
    if (event === 'audit.started') this.#starts++
    const time =
      index === 0 || index === this.to - 1 || event !== undefined ? Date.parse(String(parsed(line).time)) : Number.NaN
    if (index === 0) this.#begin = this.#spanBegin = time
    this.#longest = Math.max(this.#longest, time - this.#spanBegin || 0)
    if (index === this.to - 1) this.#span = time - this.#begin
    if (event !== 'audit.recovered') return
    this.#recoveries++
    this.#spanBegin = time
  }

  get isHonest(): boolean {
    if (this.#starts > 1 + this.#recoveries) return false
    if (this.#maxUnsignedMs === undefined) return !(this.#span > BEGINNING_MS)
    return !(this.#longest > BEGINNING_MS + this.#maxUnsignedMs)
  }

  #own(line: Buffer, event: unknown): void {
    if (event !== 'audit.started') return
    this.isOver = true
    const { signer } = (parsed(line).data ?? {}) as { signer?: { max_unsigned_ms?: unknown } }
    const ms = signer?.max_unsigned_ms
    if (typeof ms === 'number' && ms >= 0) this.#maxUnsignedMs = ms
  }
}

function parsed(line: Buffer): { time?: unknown; event?: unknown; data?: unknown } {
  try {
    return (JSON.parse(line.toString()) ?? {}) as { time?: unknown; event?: unknown; data?: unknown }
  } catch {
    return {}
  }
}
