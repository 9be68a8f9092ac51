// What stands in a segment at or behind the first index of the next one. A failed write leaves such bytes, and its lines
// are then written again into the next segment, byte for byte. So what is not the same there was put there by somebody.
import { isPaddedRecord } from './line.js'

const MAX_EXTRAS = 100_000
const MAX_FRAGMENT = 65_536
const MAX_RANGES = 1000

export class Extras {
  /** How many pieces there were, good or not. */
  count = 0
  /** Indexes at which stands what is no leftover. */
  readonly strays: { from: number; to: number }[] = []
  readonly #lines = new Map<number, string>()
  readonly #fragments = new Map<number, Uint8Array>()

  /** True while there are some that have not been compared. */
  get pending(): boolean {
    return this.#lines.size > 0 || this.#fragments.size > 0
  }

  /** A line behind the end of its segment. */
  line(index: number, leaf: string): void {
    this.count++
    const known = this.#lines.get(index) // two segments in a row may have failed at the same lines
    if (known === leaf) return
    // More than any write brings is not kept, so that a hostile file does not fill the memory.
    if (known !== undefined || this.#lines.size >= MAX_EXTRAS) this.#stray(index)
    else this.#lines.set(index, leaf)
  }

  /** What follows the last `\n` of such a segment. */
  fragment(index: number, bytes: Uint8Array): void {
    this.count++
    const text = withoutFill(bytes)
    if (text.length === 0) return
    if (text.length > MAX_FRAGMENT || this.#fragments.has(index)) this.#stray(index)
    else this.#fragments.set(index, text.slice())
  }

  /** The line that really stands at an index. */
  compare(index: number, leaf: string, line: Uint8Array): void {
    const extra = this.#lines.get(index)
    if (extra !== undefined && extra !== leaf) this.#stray(index)
    this.#lines.delete(index)
    const fragment = this.#fragments.get(index)
    if (fragment && Buffer.compare(fragment, line.subarray(0, fragment.length)) !== 0) this.#stray(index)
    this.#fragments.delete(index)
  }

  /** @param size - the log ends here: what claims a place behind it is no leftover, but for half a line at the very end */
  finish(size: number): void {
    for (const index of [...this.#lines.keys()].sort((a, b) => a - b)) this.#stray(index)
    for (const [index, text] of this.#fragments) if (index !== size || isPaddedRecord(text)) this.#stray(index)
    this.#lines.clear()
    this.#fragments.clear()
  }

  #stray(index: number): void {
    const last = this.strays.at(-1)
    if (last && index >= last.from && index <= last.to) last.to = Math.max(last.to, index + 1)
    else if (this.strays.length < MAX_RANGES) this.strays.push({ from: index, to: index + 1 })
  }
}

// A file grows before its bytes arrive: a power cut leaves NUL in their place.
function withoutFill(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}
