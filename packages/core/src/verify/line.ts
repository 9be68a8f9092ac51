// Does a line look like the record its place says it is? This needs no key: half lines, NUL, text that is not JSON and a
// running number that does not run are seen without one.
import { isUtf8 } from 'node:buffer'
import { isJsonObject } from './json.js'
import { HEAD, quickRecord, UNKNOWN } from './quick-record.js'

/** What is wrong with a line. `seq`: it is whole JSON with another running number than its place. */
export type LineFault =
  | { kind: 'not-json'; detail: string }
  | { kind: 'seq'; found: number | undefined; detail: string }

/**
 * Checks `bytes[start..end)`, without its `\n`.
 *
 * @param utf8 - true when the caller has already seen that the bytes are UTF-8
 */
export function lineFault(
  bytes: Uint8Array,
  start: number,
  end: number,
  index: number,
  utf8: boolean,
): LineFault | undefined {
  return utf8 && quickRecord(bytes, start, end, index) !== UNKNOWN
    ? undefined
    : closeLook(bytes, start, end, index, utf8)
}

/** The same, for whoever has seen that there is no quick way. */
export function closeLook(
  bytes: Uint8Array,
  start: number,
  end: number,
  index: number,
  utf8: boolean,
): LineFault | undefined {
  if (!isJsonObject(bytes, start, end) || !(utf8 || isUtf8(bytes.subarray(start, end)))) {
    const nul = bytes.subarray(start, end).includes(0)
    return { kind: 'not-json', detail: nul ? 'the line holds NUL bytes' : 'the line is not a JSON object' }
  }
  const found = seqOf(bytes, start, end)
  if (found === index) return undefined
  return { kind: 'seq', found, detail: `the line at place ${index} says seq ${found ?? 'nothing'}` }
}

/**
 * Is this a whole record, perhaps with white space around it? A write that is cut off loses bytes and adds none, and who
 * reads the file takes this for a record.
 */
export function isPaddedRecord(bytes: Uint8Array): boolean {
  const text = Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString().trim())
  return isJsonObject(text, 0, text.length)
}

/** The running number a JSON line claims. */
function seqOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  for (let i = 0; i < HEAD.length; i++) if (bytes[start + i] !== HEAD[i]) return parsedSeq(bytes, start, end)
  let at = start + HEAD.length
  let seq = 0
  const digits = at
  for (; at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39; at++) seq = seq * 10 + bytes[at]! - 0x30
  return at > digits && bytes[at] === 0x2c ? seq : parsedSeq(bytes, start, end)
}

// Lines from elsewhere (an import, another writer) may have their fields in another order.
function parsedSeq(bytes: Uint8Array, start: number, end: number): number | undefined {
  const { seq } = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as { seq?: unknown }
  return typeof seq === 'number' ? seq : undefined
}
