// The lines below a checkpoint, in order and without a gap. Whether they are the signed ones only their root tells, at the end.
import { isUtf8 } from 'node:buffer'
import { lineFault } from '../verify/line.js'
import type { Reader } from '../verify/reader.js'
import { corruptLog } from './faults.js'

/** Consecutive lines: `first`, `first + 1`, … ; `bytes` is lent until the next ones are asked for. */
export interface Lines {
  first: number
  bytes: Uint8Array
  /** Offset of every `\n`. */
  ends: number[]
}

/**
 * Lines 0 up to and without `size`, each once.
 *
 * @throws TRAILPROOF_LOG_CORRUPT one is missing, no record, or has another number than its place
 */
export async function* signedLines(reader: Reader, size: number): AsyncGenerator<Lines> {
  let next = 0
  // Segments are listed once the size is known: one that superseded lines was there before they were signed.
  for await (const { first, limit, bytes, ends } of reader.read(0)) {
    const kept = ends.slice(0, Math.max(0, Math.min(limit, size) - first))
    if (kept.length === 0) continue
    if (first !== next) throw corruptLog(`no segment holds records ${next} to ${first - 1}`, next)
    mustBeRecords(bytes, kept, first)
    yield { first, bytes, ends: kept }
    next = first + kept.length
    if (next === size) return
  }
  if (next < size) throw corruptLog(`the log ends at ${next}, and its checkpoint signs ${size} records`, next)
}

function mustBeRecords(bytes: Uint8Array, ends: readonly number[], first: number): void {
  const utf8 = isUtf8(bytes)
  for (let i = 0; i < ends.length; i++) {
    const fault = lineFault(bytes, i === 0 ? 0 : ends[i - 1]! + 1, ends[i]!, first + i, utf8)
    if (fault) throw corruptLog(`at ${first + i}: ${fault.detail}`, first + i)
  }
}
