// Standard base64 (RFC 4648 section 4) with one text per byte string. atob() forgives spaces, missing padding and
// stray low bits; a log that did would accept two different texts as the same signed note.
import { FormatError } from './errors.js'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUE = new Map([...ALPHABET].map((char, value) => [char.charCodeAt(0), value]))

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    out += ALPHABET[bits >> 18]! + ALPHABET[(bits >> 12) & 63]!
    out += (left > 1 ? ALPHABET[(bits >> 6) & 63]! : '=') + (left > 2 ? ALPHABET[bits & 63]! : '=')
  }
  return out
}

/** @throws FormatError unless the text is exactly what encodeBase64 writes for some bytes */
export function decodeBase64(text: string): Uint8Array {
  const bytes = tryDecodeBase64(text)
  if (!bytes) throw new FormatError('not canonical standard base64')
  return bytes
}

/** As decodeBase64, but answers undefined where that throws. */
export function tryDecodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const chars = text.length - padding
  const out = new Uint8Array((text.length / 4) * 3 - padding)
  let bits = 0
  let held = 0 // bits read but not yet written, always below 8 after a step
  let at = 0
  for (let i = 0; i < chars; i++) {
    const value = VALUE.get(text.charCodeAt(i))
    if (value === undefined) return undefined
    bits = ((bits << 6) | value) & 0xffff
    held += 6
    if (held < 8) continue
    held -= 8
    out[at++] = (bits >> held) & 0xff
  }
  // What is left over pads the last byte and must be zero, or one value would have several texts.
  return (bits & ((1 << held) - 1)) === 0 ? out : undefined
}
