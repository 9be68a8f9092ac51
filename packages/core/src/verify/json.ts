// Is this line one JSON object? JSON.parse would cost more than all hashing together, because it builds what it reads;
// this only walks the bytes (RFC 8259). A test holds it against JSON.parse.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MAX_DEPTH = 200

/** True when `bytes[start..end)` is exactly one JSON object. UTF-8 is not checked here (buffer.isUtf8 does it faster). */
export function isJsonObject(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0x7b) return false
  return skipObject(bytes, start, end, 0) === end
}

// Each skip… takes the offset of a value's first byte and gives the offset after it, or -1.

function skipValue(b: Uint8Array, at: number, end: number, depth: number): number {
  const c = at < end ? b[at]! : 0
  if (c === QUOTE) return skipString(b, at, end)
  if (c === 0x7b) return depth < MAX_DEPTH ? skipObject(b, at, end, depth + 1) : -1
  if (c === 0x5b) return depth < MAX_DEPTH ? skipArray(b, at, end, depth + 1) : -1
  if (c === 0x74) return skipWord(b, at, end, 'true')
  if (c === 0x66) return skipWord(b, at, end, 'false')
  if (c === 0x6e) return skipWord(b, at, end, 'null')
  return skipNumber(b, at, end)
}

function skipObject(b: Uint8Array, start: number, end: number, depth: number): number {
  let at = skipSpace(b, start + 1, end)
  if (at < end && b[at] === 0x7d) return at + 1
  while (at < end && b[at] === QUOTE) {
    at = skipString(b, at, end)
    if (at < 0) return -1
    at = skipSpace(b, at, end)
    if (at >= end || b[at] !== 0x3a) return -1
    at = skipValue(b, skipSpace(b, at + 1, end), end, depth)
    if (at < 0) return -1
    at = skipSpace(b, at, end)
    if (at < end && b[at] === 0x7d) return at + 1
    if (at >= end || b[at] !== 0x2c) return -1
    at = skipSpace(b, at + 1, end)
  }
  return -1
}

function skipArray(b: Uint8Array, start: number, end: number, depth: number): number {
  let at = skipSpace(b, start + 1, end)
  if (at < end && b[at] === 0x5d) return at + 1
  for (;;) {
    at = skipValue(b, at, end, depth)
    if (at < 0) return -1
    at = skipSpace(b, at, end)
    if (at < end && b[at] === 0x5d) return at + 1
    if (at >= end || b[at] !== 0x2c) return -1
    at = skipSpace(b, at + 1, end)
  }
}

function skipString(b: Uint8Array, start: number, end: number): number {
  let at = start + 1
  while (at < end) {
    const c = b[at]!
    if (c === QUOTE) return at + 1
    if (c < 0x20) return -1
    at = c === BACKSLASH ? skipEscape(b, at + 1, end) : at + 1
    if (at < 0) return -1
  }
  return -1
}

function skipEscape(b: Uint8Array, at: number, end: number): number {
  const c = at < end ? b[at]! : 0
  if (c !== 0x75) return '"\\/bfnrt'.includes(String.fromCharCode(c)) ? at + 1 : -1
  for (let i = 1; i <= 4; i++) if (at + i >= end || !isHex(b[at + i]!)) return -1
  return at + 5
}

function skipNumber(b: Uint8Array, start: number, end: number): number {
  let at = has(b, start, end, 0x2d) ? start + 1 : start
  at = has(b, at, end, 0x30) ? at + 1 : skipDigits(b, at, end)
  if (at >= 0 && has(b, at, end, 0x2e)) at = skipDigits(b, at + 1, end)
  if (at < 0 || !(has(b, at, end, 0x65) || has(b, at, end, 0x45))) return at
  const sign = has(b, at + 1, end, 0x2b) || has(b, at + 1, end, 0x2d)
  return skipDigits(b, at + (sign ? 2 : 1), end)
}

const has = (b: Uint8Array, at: number, end: number, byte: number) => at < end && b[at] === byte

function skipDigits(b: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && b[at]! >= 0x30 && b[at]! <= 0x39) at++
  return at > start ? at : -1
}

function skipWord(b: Uint8Array, start: number, end: number, word: string): number {
  if (start + word.length > end) return -1
  for (let i = 0; i < word.length; i++) if (b[start + i] !== word.charCodeAt(i)) return -1
  return start + word.length
}

function skipSpace(b: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (b[at] === 0x20 || b[at] === 0x09 || b[at] === 0x0d || b[at] === 0x0a)) at++
  return at
}

const isHex = (c: number) => (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66)
