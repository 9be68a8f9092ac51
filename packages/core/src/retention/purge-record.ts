// The record under which lines were purged. One record speaks for the whole prefix [0, to), so that when older records of
// the kind are purged themselves, the newest still says everything.
import { tryDecodeBase64 } from '@trailproof/tlog'

export const PURGED_EVENT = 'audit.retention_purged'
const MARK = Buffer.from(`"${PURGED_EVENT}"`)
/** Of 24 hours; a limit in days knows no calendar. */
export const DAY_MS = 86_400_000

/** What such a record says; nothing of it is true before a checkpoint covers it. */
export interface PurgeRecord {
  /** Its own leaf index. */
  index: number
  /** When it was made, as its clock read. */
  time: string
  /** Everything below `to` is gone. */
  to: number
  /** RFC 6962 root of the first `to` leaves. */
  root: Uint8Array
  /** `time` of the newest record below `to`. */
  newest: string
}

/** False for a line that cannot be one; cheap. */
export function mayBePurgeRecord(line: Uint8Array): boolean {
  return Buffer.from(line.buffer, line.byteOffset, line.length).includes(MARK)
}

/**
 * Reads a purge record. One that contradicts itself excuses nothing: it covers itself, or records younger than the limit
 * it states.
 *
 * @param line - without its `\n`
 * @returns undefined for any other line
 */
export function parsePurgeRecord(line: Uint8Array): PurgeRecord | undefined {
  if (!mayBePurgeRecord(line)) return undefined
  try {
    const record = JSON.parse(Buffer.from(line).toString('utf8')) as Record<string, unknown>
    const { seq, time, event, source, data } = record
    const { to, root, newest, older_than_days: days } = data as Record<string, unknown>
    const hash = typeof root === 'string' ? tryDecodeBase64(root) : undefined
    const age = Date.parse(String(time)) - Date.parse(String(newest))
    const holds =
      event === PURGED_EVENT &&
      source === 'audit' &&
      Number.isSafeInteger(seq) &&
      Number.isSafeInteger(to) &&
      (to as number) > 0 &&
      (to as number) <= (seq as number) &&
      hash?.length === 32 &&
      typeof days === 'number' &&
      days > 0 &&
      age >= days * DAY_MS
    if (!holds) return undefined
    return { index: seq as number, time: time as string, to: to as number, root: hash!, newest: newest as string }
  } catch {
    return undefined
  }
}
