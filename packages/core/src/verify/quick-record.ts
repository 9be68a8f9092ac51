// The quick way to see that a line is a record, for the form that JSON.stringify writes: no white space, whole numbers. One
// loop over the bytes, four at once inside strings. Whatever it does not know, it leaves to line.ts, so it may say "not by
// this way" of a good line, but never "good" of anything else.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const MAX_DEPTH = 20 // what is open is kept in the bits of one number
const MAX_DIGITS = 15
const AUDI = 0x69647561

/** What the quick way says of a line: not by this way; a record; a record that may be one of the log's own events. */
export type Quick = 0 | 1 | 2
export const UNKNOWN = 0
export const RECORD = 1
/**
 * Of every other record it is sure that its `event` does not begin with `audit.`: that would stand in clear at the beginning
 * of a string, or be hidden by a backslash.
 */
export const MAYBE_OWN = 2

/** Every record begins so; its own index in clear makes gaps visible to plain tools. */
export const HEAD: Uint8Array = Buffer.from('{"v":1,"seq":')
const [HEAD_0, HEAD_4, HEAD_8] = [0, 4, 8].map((at) => Buffer.from(HEAD).readInt32LE(at))

/** Is `bytes[start..end)` exactly one JSON object that begins as records do and says that its number is `seq`? */
export function quickRecord(bytes: Uint8Array, start: number, end: number, seq: number): Quick {
  if (end - start < 2 * HEAD.length) return UNKNOWN
  const view = viewOf(bytes)
  if (!beginsAsRecord(view, bytes, start)) return UNKNOWN
  const digits = start + HEAD.length
  let at = digits
  let found = 0
  for (; bytes[at]! >= 0x30 && bytes[at]! <= 0x39; at++) {
    if (at - digits === MAX_DIGITS || (found === 0 && at > digits)) return UNKNOWN // nothing stands behind a leading zero
    found = found * 10 + bytes[at]! - 0x30
  }
  return at > digits && found === seq && bytes[at] === COMMA ? members(view, bytes, at + 1, end) : UNKNOWN
}

let lastBytes: Uint8Array | undefined
let lastView: DataView

// Thousands of lines share one piece of memory.
function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== lastBytes) {
    lastBytes = bytes
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  return lastView
}

const beginsAsRecord = (view: DataView, b: Uint8Array, at: number): boolean =>
  view.getInt32(at, true) === HEAD_0 &&
  view.getInt32(at + 4, true) === HEAD_4 &&
  view.getInt32(at + 8, true) === HEAD_8 &&
  b[at + 12] === COLON

// From the first byte of an object's member to the end of that object, which must be `limit`. Offsets only grow, and whoever
// has gone past `limit` never comes back to it: that is why only strings look at it.
function members(view: DataView, b: Uint8Array, start: number, limit: number): Quick {
  let at = start
  let inObject = 1
  let around = 0 // the same of each object and array outside, innermost in the lowest bit
  let depth = 1
  let answer: Quick = RECORD
  for (;;) {
    if (inObject === 1) {
      if (b[at] !== QUOTE) return UNKNOWN
      at = stringEnd(view, b, at + 1, limit)
      if (b[at] !== QUOTE || b[at + 1] !== COLON) return UNKNOWN
      at += 2
    }
    const c = b[at]!
    if (c === QUOTE) {
      if (at + 4 < limit && view.getInt32(at + 1, true) === AUDI) answer = MAYBE_OWN
      at = stringEnd(view, b, at + 1, limit)
      if (b[at] === BACKSLASH) {
        answer = MAYBE_OWN
        at = escapedEnd(view, b, at, limit)
      }
      if (b[at] !== QUOTE) return UNKNOWN
      at++
    } else if (c >= 0x30 && c <= 0x39) {
      at++
      if (c !== 0x30) while (b[at]! >= 0x30 && b[at]! <= 0x39) at++ // nothing stands behind a leading zero
    } else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      at++
      if (b[at] === c + 2) at++
      else {
        if (++depth > MAX_DEPTH) return UNKNOWN
        around = (around << 1) | inObject
        inObject = c === OPEN_OBJECT ? 1 : 0
        continue
      }
    } else {
      const length = wordLength(b, at)
      if (length === 0) return UNKNOWN
      at += length
    }
    for (; b[at] !== COMMA; at++) {
      if (b[at] !== (inObject === 1 ? CLOSE_OBJECT : CLOSE_ARRAY)) return UNKNOWN
      if (--depth === 0) return at + 1 === limit ? answer : UNKNOWN
      inObject = around & 1
      around >>= 1
    }
    at++
  }
}

// Offset of the first byte that is no plain character of a string: a quote, a backslash, a control character; or the limit.
function stringEnd(view: DataView, b: Uint8Array, start: number, limit: number): number {
  let at = start
  for (const last = limit - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true)
    // In each byte, the top bit of x - 0x21 is borrowed where x < 0x21; x ^ 2 brings the quote down to 0x20 and leaves the
    // control characters below. The backslash likewise. A borrow goes over into the next byte only behind such a byte, so
    // the lowest one found is right. Bytes from 0x80 on are plain.
    const low = (word ^ 0x02020202) - 0x21212121
    const backslash = (word ^ 0x5c5c5c5c) - 0x01010101
    const found = (low | backslash) & ~word & 0x80808080
    if (found !== 0) return at + ((31 - Math.clz32(found & -found)) >> 3)
  }
  while (at < limit && b[at]! >= 0x20 && b[at] !== QUOTE && b[at] !== BACKSLASH) at++
  return at
}

// Offset of what ends a string, from its first backslash on; of the backslash that begins no escape.
function escapedEnd(view: DataView, b: Uint8Array, backslash: number, limit: number): number {
  let at = backslash
  while (b[at] === BACKSLASH) {
    const c = b[at + 1]!
    const length = c === 0x75 ? 6 : 2
    if (c === 0x75) {
      for (let i = 2; i <= 5; i++) if (!isHex(b[at + i]!)) return at
    } else if (!isEscape(c)) return at
    at = stringEnd(view, b, at + length, limit)
  }
  return at
}

// Of true, false or null; 0 when it is none.
function wordLength(b: Uint8Array, at: number): number {
  const c = b[at]
  if (c === 0x74) return b[at + 1] === 0x72 && b[at + 2] === 0x75 && b[at + 3] === 0x65 ? 4 : 0
  if (c === 0x66) return b[at + 1] === 0x61 && b[at + 2] === 0x6c && b[at + 3] === 0x73 && b[at + 4] === 0x65 ? 5 : 0
  return c === 0x6e && b[at + 1] === 0x75 && b[at + 2] === 0x6c && b[at + 3] === 0x6c ? 4 : 0
}

const isEscape = (c: number) =>
  c === QUOTE || c === BACKSLASH || c === 0x2f || c === 0x62 || c === 0x66 || c === 0x6e || c === 0x72 || c === 0x74
const isHex = (c: number) => (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66)
