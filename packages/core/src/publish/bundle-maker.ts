// Entry bundles while lines stream by, in one buffer that is used again for each (C2SP tlog-tiles).
import { MAX_ENTRY_BYTES, TILE_WIDTH } from '@trailproof/tlog'
import { corruptLog } from './faults.js'

export class BundleMaker {
  /** Number of the bundle that is being filled. */
  index = 0
  /** Offset behind each entry: a bundle of the first n entries is the first `ends[n - 1]` bytes. */
  ends: number[] = []
  #buffer = Buffer.allocUnsafe(256 * 1024)
  #length = 0

  /** @throws TRAILPROOF_LOG_CORRUPT a line longer than any record: no bundle can hold it */
  add(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    const entry = this.index * TILE_WIDTH + this.ends.length
    if (length > MAX_ENTRY_BYTES) throw corruptLog(`record ${entry} has ${length} bytes, which no bundle holds`, entry)
    this.#makeRoom(2 + length)
    this.#buffer.writeUInt16BE(length, this.#length)
    this.#buffer.set(bytes.subarray(start, end), this.#length + 2)
    this.#length += 2 + length
    this.ends.push(this.#length)
  }

  /** The bundle as it stands; lent until the next line. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  get full(): boolean {
    return this.ends.length === TILE_WIDTH
  }

  next(): void {
    this.index++
    this.ends = []
    this.#length = 0
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(2 * this.#buffer.length + more)
    larger.set(this.bytes)
    this.#buffer = larger
  }
}
