// Entry bundles (C2SP tlog-tiles): up to 256 entries, each with its length in two bytes before it.
import { FormatError } from './errors.js'
import { TILE_WIDTH } from './tile.js'

/** The longest entry a bundle can hold, in bytes. */
export const MAX_ENTRY_BYTES = 65_535

/**
 * The bytes of a bundle, to be stored under tilePath('entries', index, entries.length).
 *
 * @throws RangeError no entry, more than 256, or one longer than 65,535 bytes: it is never cut
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length < 1 || entries.length > TILE_WIDTH)
    throw new RangeError(`a bundle holds 1 to 256 entries, not ${entries.length}`)
  const out = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${entry.length} bytes does not fit a bundle`)
    out[at] = entry.length >> 8
    out[at + 1] = entry.length & 0xff
    out.set(entry, at + 2)
    at += 2 + entry.length
  }
  return out
}

/**
 * The entries of a bundle (views, not copies). How many there must be is known from the tile's width; compare it.
 *
 * @throws FormatError the bundle is empty, ends inside an entry, or holds more than 256
 */
export function decodeBundle(bytes: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + ((bytes[at]! << 8) | (bytes[at + 1] ?? 0))
    if (end > bytes.length) throw new FormatError(`the bundle ends inside entry ${entries.length}`)
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  if (entries.length < 1 || entries.length > TILE_WIDTH)
    throw new FormatError(`a bundle holds 1 to 256 entries, not ${entries.length}`)
  return entries
}
