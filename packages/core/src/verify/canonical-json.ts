// The quick way to see that a line is one JSON object, for the form that JSON.stringify writes: no white space, whole
// numbers. It looks at four bytes of a string at once. Whatever it does not know, it leaves to json.ts, so it may say
// "not by this way" of good JSON, but never "good" of anything else.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MAX_DEPTH = 20
const NOT_SO = -1

/** True only when `bytes[start..end)` is exactly one JSON object; false when json.ts has to say. */
export function isCanonicalObject(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2 || bytes[start] !== 0x7b || bytes[end - 1] !== 0x7d) return false
  text = viewOf(bytes)
  limit = end
  return afterObject(bytes, start, 0) === end
}

// What is being read; set anew for each line, so that the functions below need not hand it on.
let text: DataView = new DataView(new ArrayBuffer(0))
let limit = 0

let lastBytes: Uint8Array | undefined
let lastView: DataView = text

// Thousands of lines share one piece of memory.
function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== lastBytes) {
    lastBytes = bytes
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  return lastView
}

// Each after… takes the offset of a value's first byte and gives the offset behind it, or NOT_SO. Offsets only grow, and
// whoever has gone past `limit` never comes back to it: that is why only strings look at the limit.

function afterObject(b: Uint8Array, start: number, depth: number): number {
  if (b[start + 1] === 0x7d) return start + 2
  for (let at = start; ; ) {
    if (b[at + 1] !== QUOTE) return NOT_SO
    at = stringEnd(b, at + 2)
    if (b[at] !== QUOTE || b[at + 1] !== 0x3a) return NOT_SO
    at = afterValue(b, at + 2, depth)
    if (at === NOT_SO) return NOT_SO
    if (b[at] !== 0x2c) return b[at] === 0x7d ? at + 1 : NOT_SO
  }
}

function afterArray(b: Uint8Array, start: number, depth: number): number {
  if (b[start + 1] === 0x5d) return start + 2
  for (let at = start; ; ) {
    at = afterValue(b, at + 1, depth)
    if (at === NOT_SO) return NOT_SO
    if (b[at] !== 0x2c) return b[at] === 0x5d ? at + 1 : NOT_SO
  }
}

function afterValue(b: Uint8Array, at: number, depth: number): number {
  const first = b[at]!
  if (first === QUOTE) {
    const close = stringEnd(b, at + 1)
    return b[close] === QUOTE ? close + 1 : b[close] === BACKSLASH ? afterEscaped(b, close) : NOT_SO
  }
  if (first >= 0x30 && first <= 0x39) return afterInteger(b, at)
  if (first === 0x7b) return depth < MAX_DEPTH ? afterObject(b, at, depth + 1) : NOT_SO
  if (first === 0x5b) return depth < MAX_DEPTH ? afterArray(b, at, depth + 1) : NOT_SO
  if (first === 0x74) return b[at + 1] === 0x72 && b[at + 2] === 0x75 && b[at + 3] === 0x65 ? at + 4 : NOT_SO
  if (first === 0x66)
    return b[at + 1] === 0x61 && b[at + 2] === 0x6c && b[at + 3] === 0x73 && b[at + 4] === 0x65 ? at + 5 : NOT_SO
  if (first === 0x6e) return b[at + 1] === 0x75 && b[at + 2] === 0x6c && b[at + 3] === 0x6c ? at + 4 : NOT_SO
  return NOT_SO
}

function afterInteger(b: Uint8Array, start: number): number {
  let at = start + 1
  if (b[start] !== 0x30) while (b[at]! >= 0x30 && b[at]! <= 0x39) at++ // nothing stands behind a leading zero
  const next = b[at]
  return next === 0x2e || next === 0x65 || next === 0x45 ? NOT_SO : at // a fraction or an exponent
}

// Offset of the first byte that is no plain character of a string: a quote, a backslash, a control character; or the limit.
function stringEnd(b: Uint8Array, start: number): number {
  let at = start
  for (const last = limit - 4; at <= last; at += 4) {
    const word = text.getInt32(at, true)
    const quote = word ^ 0x22222222
    const backslash = word ^ 0x5c5c5c5c
    // In each byte, the top bit of x - 0x20 (or of x ^ c, minus 1) is borrowed where x < 0x20 (or x = c). A borrow goes
    // over into the next byte only behind such a byte, so the lowest one found is right. Bytes from 0x80 on are plain.
    const found = ((word - 0x20202020) | (quote - 0x01010101) | (backslash - 0x01010101)) & ~word & 0x80808080
    if (found !== 0) return at + ((31 - Math.clz32(found & -found)) >> 3)
  }
  while (at < limit && b[at]! >= 0x20 && b[at] !== QUOTE && b[at] !== BACKSLASH) at++
  return at
}

// The rest of a string from its first backslash on.
function afterEscaped(b: Uint8Array, backslash: number): number {
  for (let at = backslash; b[at] === BACKSLASH; ) {
    const c = b[at + 1]!
    if (c === 0x75) {
      for (let i = 2; i <= 5; i++) if (!isHex(b[at + i]!)) return NOT_SO
      at = stringEnd(b, at + 6)
    } else if (isEscape(c)) at = stringEnd(b, at + 2)
    else return NOT_SO
    if (b[at] === QUOTE) return at + 1
  }
  return NOT_SO
}

const isEscape = (c: number) =>
  c === QUOTE || c === BACKSLASH || c === 0x2f || c === 0x62 || c === 0x66 || c === 0x6e || c === 0x72 || c === 0x74
const isHex = (c: number) => (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66)
