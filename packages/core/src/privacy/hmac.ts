// HMAC-SHA-256 (RFC 2104) out of two one-shot hashes: two thirds of what an `Hmac` object of node:crypto costs (1.7 and 2.6 µs), and
// nothing for the garbage collector to tear down. Every record needs some.
import { hash } from 'node:crypto'
import { sha256 } from '../log/crypto.js'

const BLOCK = 64
/** Most texts are short. What is longer gets memory of its own. */
const SCRATCH = 4096

export class Hmac {
  /** The key's inner block, and behind it the text of the moment. */
  readonly #inner: Buffer
  /** The key's outer block, and behind it the inner hash of the moment. */
  readonly #outer = Buffer.alloc(BLOCK + 32)

  constructor(key: Uint8Array) {
    const block = Buffer.alloc(BLOCK)
    block.set(key.length > BLOCK ? sha256(key) : key)
    this.#inner = Buffer.alloc(BLOCK + SCRATCH)
    for (let i = 0; i < BLOCK; i++) {
      this.#inner[i] = block[i]! ^ 0x36
      this.#outer[i] = block[i]! ^ 0x5c
    }
  }

  /** @param encoding - of the 32 bytes that come back */
  of(text: string, encoding: 'base64url' | 'latin1'): string {
    const most = BLOCK + text.length * 3 // of UTF-8
    const bytes = most > this.#inner.length ? Buffer.alloc(most, this.#inner.subarray(0, BLOCK)) : this.#inner
    const end = BLOCK + bytes.write(text, BLOCK, 'utf8')
    this.#outer.write(hash('sha256', bytes.subarray(0, end), 'binary'), BLOCK, 'latin1')
    return hash('sha256', this.#outer, encoding === 'latin1' ? 'binary' : encoding)
  }
}
