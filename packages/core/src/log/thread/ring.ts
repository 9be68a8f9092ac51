// Lines on their way from the application's thread to the log's: one side puts, the other takes, through shared memory.
//
//   ┌ length 4 ┬ bytes 4 ┬ leaf hash 32 ┬ body ┬ pad ┐   a slot; slots follow each other, and none wraps around the end
//
// A slot is the putter's until `publish`, then the taker's until the line is durable; on its way back it carries the leaf
// hash. Nothing is ever waited for here: a ring without room says so.

import type { FleetingBody } from '../entry.js'

const HEADER = 40
const HASH_AT = 8
const HASH_BYTES = 32
/** Stands in place of a slot's length where the next slot begins at 0. */
const WRAPPED = -1

/** Words of shared memory that both sides read; counts go round at 2^32, so only differences of them mean anything. */
export const Word = {
  /** Slots published, ever. */
  published: 0,
  /** Of those, from the first on, how many are durable. */
  durable: 1,
  /** A `Rest`: how the log's thread waits for new slots. */
  rest: 2,
  /** 1: the application's thread has been told of progress and has not looked yet. */
  told: 3,
  /** A `Phase`. */
  phase: 4,
  /** The `clockMs` at which the system call under way began; 0 when none is. */
  busySince: 5,
  /** One more than the slots that must be durable before anything is signed; 0 while that is not known. */
  signAfter: 6,
} as const

/** Asleep it must be sent an order. */
export const Rest = { awake: 0, asleep: 1 } as const

/** `lost`: the log's thread ends without having closed the log, and does nothing any more. */
export const Phase = { opening: 0, open: 1, ended: 2, lost: 3 } as const

/** Milliseconds on a clock that all threads of a process share, in 32 bits that go round; never 0. */
export function clockMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 1
}

/** What the two threads share; structured-cloneable. */
export interface Shared {
  ring: SharedArrayBuffer
  words: SharedArrayBuffer
  /** One 64-bit word: leaves that the newest checkpoint covers. */
  signed: SharedArrayBuffer
}

/** @param bytes - size of the ring; at least four of the largest lines fit */
export function shareRing(bytes: number): Shared {
  const least = 4 * 65_536
  const size = Math.ceil(Math.max(bytes, least) / 8) * 8
  return { ring: new SharedArrayBuffer(size), words: new SharedArrayBuffer(64), signed: new SharedArrayBuffer(8) }
}

const aligned = (bytes: number) => (bytes + 7) & ~7

/** The application's side. */
export class RingPutter {
  readonly #bytes: Buffer
  readonly #lengths: Int32Array
  readonly #words: Int32Array
  readonly #capacity: number
  #head = 0 // where the next slot goes
  #tail = 0 // the oldest slot that is not free
  #used = 0
  #put = 0

  constructor({ ring, words }: Shared) {
    this.#bytes = Buffer.from(ring)
    this.#lengths = new Int32Array(ring)
    this.#words = new Int32Array(words)
    this.#capacity = ring.byteLength
  }

  /** Bytes that slots take now. */
  get used(): number {
    return this.#used
  }

  /**
   * Puts a body into the next slot.
   *
   * @returns its UTF-8 bytes; -1 when there is no room; more than `most` when it is too long: then nothing was put
   */
  put(body: string, most: number): number {
    // The bytes are not known before they are written; a UTF-16 unit takes at most three.
    const start = this.#room(aligned(HEADER + Math.min(body.length, most + 1) * 3))
    if (start < 0) return -1
    const bytes = body.length > most ? body.length : this.#bytes.write(body, start + HEADER, 'utf8')
    if (bytes > most) return bytes
    this.#take(start, bytes)
    return bytes
  }

  /** The same for a body that is words already. */
  putWords({ words, start: from, end }: FleetingBody, most: number): number {
    const bytes = end - from
    if (bytes > most) return bytes
    const start = this.#room(aligned(HEADER + bytes))
    if (start < 0) return -1
    const shift = (start + HEADER - from) >> 2
    for (let i = from >> 2; i < (end + 3) >> 2; i++) this.#lengths[i + shift] = words[i]! // a call would cost more
    this.#take(start, bytes)
    return bytes
  }

  /** Makes the slot at `start` the newest. */
  #take(start: number, bytes: number): void {
    if (start !== this.#head) this.#wrap()
    const length = aligned(HEADER + bytes)
    this.#lengths[start >> 2] = length
    this.#lengths[(start >> 2) + 1] = bytes
    this.#head = start + length
    this.#used += length
    this.#put++
  }

  /** Hands everything put so far to the other side. @returns true when that side sleeps and has to be told */
  publish(): boolean {
    Atomics.store(this.#words, Word.published, this.#put | 0)
    return Atomics.exchange(this.#words, Word.rest, Rest.awake) === Rest.asleep
  }

  /** Reads the leaf hash that came back with the oldest slot, hex. */
  oldestLeafHash(): string {
    const at = this.#oldest() + HASH_AT
    return this.#bytes.toString('hex', at, at + HASH_BYTES)
  }

  /** Reads the body of the oldest slot back. */
  oldestBody(): string {
    const start = this.#oldest()
    return this.#bytes.toString('utf8', start + HEADER, start + HEADER + this.#lengths[(start >> 2) + 1]!)
  }

  /** Frees the oldest slot. */
  free(): void {
    const start = this.#oldest()
    const length = this.#lengths[start >> 2]!
    this.#tail = start + length
    this.#used -= length
  }

  /** Where `length` bytes in a row are free, or -1. */
  #room(length: number): number {
    if (this.#used > 0 && this.#head <= this.#tail) return this.#tail - this.#head >= length ? this.#head : -1
    if (this.#capacity - this.#head >= length) return this.#head
    const free = this.#used === 0 ? this.#capacity : this.#tail // from the beginning
    return free >= length ? 0 : -1
  }

  #wrap(): void {
    if (this.#head < this.#capacity) this.#lengths[this.#head >> 2] = WRAPPED
    this.#head = 0
  }

  #oldest(): number {
    return startOf(this.#lengths, this.#tail)
  }
}

/** The log's side. */
export class RingTaker {
  /** The ring's memory: bodies are read from here without a copy. */
  readonly bytes: Buffer
  readonly #lengths: Int32Array
  readonly #words: Int32Array
  #at = 0
  #taken = 0

  constructor({ ring, words }: Shared) {
    this.bytes = Buffer.from(ring)
    this.#lengths = new Int32Array(ring)
    this.#words = new Int32Array(words)
  }

  /** @returns where the next published slot starts, or -1 */
  take(): number {
    if (Atomics.load(this.#words, Word.published) === (this.#taken | 0)) return -1
    const start = startOf(this.#lengths, this.#at)
    this.#at = start + this.#lengths[start >> 2]!
    this.#taken++
    return start
  }

  bodyStart(slot: number): number {
    return slot + HEADER
  }

  bodyEnd(slot: number): number {
    return slot + HEADER + this.#lengths[(slot >> 2) + 1]!
  }

  /** Leaves the leaf hash (hex) in a slot, for whoever put it. */
  answer(slot: number, leafHash: string): void {
    this.bytes.write(leafHash, slot + HASH_AT, 'hex')
  }

  /** Says that it will not look again before it is told. @returns false when something was published meanwhile */
  sleep(): boolean {
    Atomics.store(this.#words, Word.rest, Rest.asleep)
    if (Atomics.load(this.#words, Word.published) === (this.#taken | 0)) return true
    Atomics.store(this.#words, Word.rest, Rest.awake)
    return false
  }
}

/** A slot begins here, unless the last one ended where no other fits behind it. */
function startOf(lengths: Int32Array, at: number): number {
  return at === lengths.byteLength || lengths[at >> 2] === WRAPPED ? 0 : at
}
