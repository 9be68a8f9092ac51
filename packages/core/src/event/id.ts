// Ids of records: UUIDv7 (RFC 9562 section 5.7), made for every record, so without garbage on the way.
import { randomByte } from '../random.js'

const HEX = Buffer.from('0123456789abcdef')
/** Where the digits of each byte stand in `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

/** Makes ids of one process: unique, hard to guess (50 random bits each), and growing with time. */
export class Ids {
  readonly #text = Buffer.from('00000000-0000-7000-8000-000000000000')
  #ms = 0
  /** 24 bits behind the time: they begin at random in each millisecond and count up in it (RFC 9562 section 6.2, method 1). */
  #count = 0

  /** @param ms - since 1970; where it does not grow, the count does */
  make(ms: number): string {
    const now = Math.floor(ms)
    if (now > this.#ms || now < this.#ms - CLOCK_SET_BACK_MS) {
      this.#ms = now
      this.#count = randomByte() | (randomByte() << 8) | ((randomByte() & 0x7f) << 16) // the top bit is room to count
    } else if (++this.#count > 0xffffff) {
      this.#ms++
      this.#count = 0
    }
    for (let i = 5, rest = this.#ms; i >= 0; i--, rest = Math.floor(rest / 256)) this.#put(i, rest % 256)
    this.#put(6, 0x70 | (this.#count >>> 20))
    this.#put(7, (this.#count >>> 12) & 0xff)
    this.#put(8, 0x80 | ((this.#count >>> 6) & 0x3f))
    this.#put(9, ((this.#count & 0x3f) << 2) | (randomByte() & 3))
    for (let i = 10; i < 16; i++) this.#put(i, randomByte())
    return this.#text.toString('latin1')
  }

  #put(index: number, byte: number): void {
    const place = PLACES[index]!
    this.#text[place] = HEX[byte >>> 4]!
    this.#text[place + 1] = HEX[byte & 15]!
  }
}

/** A clock that is set back further is believed: ids that run ahead for long would lie about their time. */
const CLOCK_SET_BACK_MS = 10_000
