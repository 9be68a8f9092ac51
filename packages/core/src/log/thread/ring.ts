// Lines on their way from the application's thread to the log's: one side puts, the other takes, through shared memory.
//
//   ring     … {"v":1,"seq":7,…}⏎{"v":1,"seq":8,…}⏎ …     whole lines, one behind the other; none wraps around the end
//   places   start and length of each                      written by the putter
//   hashes   leaf hash of each                             written by the taker
//
// So what is written to disk is the ring's own memory. A line is the putter's until `publish`, then the taker's until it is
// durable. The taker borrows the byte before a line as well. Nothing is ever waited for by the putter: a ring without room
// says so.
import { hash } from 'node:crypto'
import { HASH_BYTES } from '@trailproof/tlog'
import { prefixOf } from '../batch.js'
import { putHash } from '../crypto.js'
import type { FleetingBody } from '../entry.js'

/** Bytes before the first line, of which the taker borrows one. As many stay free between the newest line and the oldest. */
const LEAD = 8
const LINE_BREAK = 10

/** Words of shared memory that both sides read; counts go round at 2^32, so only differences of them mean anything. */
export const Word = {
  /** Lines published, ever. */
  published: 0,
  /** Of those, from the first on, how many are durable. */
  durable: 1,
  /** Of those, from the first on, how many are to be written at once; the others may wait for company. */
  urgent: 2,
  /** A `Rest`: how the log's thread waits for new lines. */
  rest: 3,
  /** 1: the application's thread has been told of progress and has not looked yet. */
  told: 4,
  /** A `Phase`. */
  phase: 5,
  /** The `clockMs` at which the system call under way began; 0 when none is. */
  busySince: 6,
  /** One more than the lines that must be durable before anything is signed; 0 while that is not known. */
  signAfter: 7,
  /** Orders sent to the log's thread, ever. */
  orders: 8,
  /** Counts how often a nap was to end. */
  bell: 9,
} as const

/** Napping it hears the bell and nothing else; asleep it must be sent an order. */
export const Rest = { awake: 0, napping: 1, asleep: 2 } as const

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
  places: SharedArrayBuffer
  hashes: SharedArrayBuffer
  words: SharedArrayBuffer
  /** One 64-bit word: leaves that the newest checkpoint covers. */
  signed: SharedArrayBuffer
}

/** Lines are rarely shorter: so many bytes of the ring for each place. */
const BYTES_PER_PLACE = 256

/** @param bytes - size of the ring; at least four of the largest lines fit */
export function shareRing(bytes: number): Shared {
  const size = Math.max(bytes, 4 * 65_536)
  const places = 2 ** Math.ceil(Math.log2(size / BYTES_PER_PLACE)) // a power of two, since counts go round at one
  return {
    ring: new SharedArrayBuffer(LEAD + size + LEAD),
    places: new SharedArrayBuffer(places * 8),
    hashes: new SharedArrayBuffer(places * HASH_BYTES),
    words: new SharedArrayBuffer(64),
    signed: new SharedArrayBuffer(8),
  }
}

const LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1

/** The application's side. */
export class RingPutter {
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #places: Int32Array
  readonly #mask: number
  readonly #hashes: Buffer
  readonly #words: Int32Array
  readonly #end: number
  readonly #prefix = new Prefix()
  #head = LEAD // where the next line goes
  #tail = LEAD // the oldest line that is not free
  #used = 0
  #put = 0
  #freed = 0

  constructor({ ring, places, hashes, words }: Shared) {
    this.#bytes = Buffer.from(ring)
    this.#view = new DataView(ring)
    this.#places = new Int32Array(places)
    this.#mask = this.#places.length / 2 - 1
    this.#hashes = Buffer.from(hashes)
    this.#words = new Int32Array(words)
    this.#end = ring.byteLength - LEAD
  }

  /** Bytes that lines take now. */
  get used(): number {
    return this.#used
  }

  /** @param index - of the first leaf that will be put */
  begin(index: number): void {
    this.#prefix.begin(index)
  }

  /**
   * Puts a body as the next line.
   *
   * @returns its UTF-8 bytes; -1 when there is no room; more than `most` when it is too long: then nothing was put
   */
  put(body: string, most: number): number {
    // The bytes are not known before they are written; a UTF-16 unit takes at most three.
    const start = this.#room(Math.min(body.length, most + 1) * 3)
    if (start < 0) return -1
    const text = start + this.#prefix.length
    const bytes = body.length > most ? body.length : this.#bytes.write(body, text, 'utf8')
    if (bytes <= most) this.#take(start, text + bytes)
    return bytes
  }

  /** The same for a body that is words already. */
  putWords({ words, start: from, end }: FleetingBody, most: number): number {
    const bytes = end - from
    if (bytes > most) return bytes
    const start = this.#room(bytes)
    if (start < 0) return -1
    const text = start + this.#prefix.length
    // A call that copies would cost more. What is too much at the end is written over.
    for (let i = from >> 2, at = text; at < text + bytes; i++, at += 4)
      this.#view.setInt32(at, words[i]!, LITTLE_ENDIAN)
    this.#take(start, text + bytes)
    return bytes
  }

  /** Makes the line that begins at `start` the newest. */
  #take(start: number, end: number): void {
    this.#prefix.writeTo(this.#bytes, start)
    this.#prefix.next()
    this.#bytes[end] = LINE_BREAK
    const place = (this.#put++ & this.#mask) * 2
    const length = end + 1 - start
    this.#places[place] = start
    this.#places[place + 1] = length
    if (this.#used === 0) this.#tail = start
    this.#head = end + 1
    this.#used += length
  }

  /**
   * Hands everything put so far to the other side.
   *
   * @param urgent - it is to be written at once
   * @param bell - called where the bell is to be rung; `ring` may then come later, since a nap ends by itself
   * @returns true when that side sleeps and has to be told
   */
  publish(urgent: boolean, bell?: () => void): boolean {
    Atomics.store(this.#words, Word.published, this.#put | 0)
    if (urgent || this.#isMuch()) Atomics.store(this.#words, Word.urgent, this.#put | 0)
    else if (Atomics.load(this.#words, Word.rest) !== Rest.asleep) return false
    if (bell && Atomics.load(this.#words, Word.rest) === Rest.napping) {
      bell()
      return false
    }
    const rest = Atomics.exchange(this.#words, Word.rest, Rest.awake)
    if (rest === Rest.napping) ringBell(this.#words)
    return rest === Rest.asleep
  }

  /** Ends a nap of the other side, if it naps in spite of something urgent. */
  ring(): void {
    const urgent = (Atomics.load(this.#words, Word.urgent) - Atomics.load(this.#words, Word.durable)) | 0
    if (urgent <= 0) return
    if (Atomics.compareExchange(this.#words, Word.rest, Rest.napping, Rest.awake) === Rest.napping)
      ringBell(this.#words)
  }

  /** More company is not worth waiting for, or there is no room for it. */
  #isMuch(): boolean {
    const waiting = (this.#put - Atomics.load(this.#words, Word.durable)) | 0
    return waiting >= ENOUGH_LINES || this.#used * 2 > this.#end
  }

  /** Reads the leaf hash that came back for the oldest line, hex. */
  oldestLeafHash(): string {
    const at = (this.#freed & this.#mask) * HASH_BYTES
    return this.#hashes.toString('hex', at, at + HASH_BYTES)
  }

  /** Reads the body of the oldest line back. @param index - of its leaf */
  oldestBody(index: number): string {
    const place = (this.#freed & this.#mask) * 2
    const [start, length] = [this.#places[place]!, this.#places[place + 1]!]
    return this.#bytes.toString('utf8', start + prefixOf(index).length, start + length - 1)
  }

  /** Frees the oldest line. */
  free(): void {
    this.#used -= this.#places[(this.#freed++ & this.#mask) * 2 + 1]!
    this.#tail = this.#places[(this.#freed & this.#mask) * 2]!
  }

  /** Where a body of so many bytes may stand behind its prefix, or -1. */
  #room(bytes: number): number {
    if (this.#put - this.#freed > this.#mask) return -1
    const length = this.#prefix.length + bytes + 1
    // The same memory over and over, as long as it is enough: it stays in the processor's caches, and the rest untouched.
    if (this.#used === 0) return this.#end - LEAD >= length ? LEAD : -1
    if (this.#head <= this.#tail) return this.#tail - LEAD - this.#head >= length ? this.#head : -1
    if (this.#end - this.#head >= length) return this.#head
    return this.#tail - LEAD - LEAD >= length ? LEAD : -1
  }
}

/** So many lines make a write worth its fdatasync. */
const ENOUGH_LINES = 768

/** Ends a nap of the log's thread. */
export function ringBell(words: Int32Array): void {
  Atomics.add(words, Word.bell, 1)
  Atomics.notify(words, Word.bell)
}

/** What stands in front of each body, counted up in place. */
class Prefix {
  #bytes = Buffer.alloc(0)
  #index = 0

  constructor() {
    this.begin(0)
  }

  get length(): number {
    return this.#bytes.length
  }

  begin(index: number): void {
    this.#index = index
    this.#bytes = Buffer.from(prefixOf(index))
  }

  next(): void {
    this.#index++
    const last = this.#bytes.length - 2 // before the comma
    if (this.#bytes[last] === 0x39) this.begin(this.#index)
    else this.#bytes[last]!++
  }

  writeTo(into: Uint8Array, at: number): void {
    for (let i = 0; i < this.#bytes.length; i++) into[at + i] = this.#bytes[i]!
  }
}

/** Lines in a row, as they stand in the ring. */
export interface Lines {
  count: number
  /** Each with its line break. */
  bytes: Buffer
  /** Side by side. */
  leafHashes: Uint8Array
}

/** The log's side. */
export class RingTaker {
  readonly #bytes: Buffer
  readonly #places: Int32Array
  readonly #mask: number
  readonly #hashes: Uint8Array
  readonly #words: Int32Array
  #durable = 0
  #hashed = 0

  constructor({ ring, places, hashes, words }: Shared) {
    this.#bytes = Buffer.from(ring)
    this.#places = new Int32Array(places)
    this.#mask = this.#places.length / 2 - 1
    this.#hashes = new Uint8Array(hashes)
    this.#words = new Int32Array(words)
  }

  /** Lines that were ever found durable. */
  get durable(): number {
    return this.#durable
  }

  /** Lines that were published and are not durable. */
  get waiting(): number {
    return (Atomics.load(this.#words, Word.published) - this.#durable) | 0
  }

  /** Of those, how many are to be written at once; less than 1: none. */
  get urgent(): number {
    return (Atomics.load(this.#words, Word.urgent) - this.#durable) | 0
  }

  /** The oldest lines that are not durable, as far as they stand in a row; at least one, if there is one. */
  next(maxBytes: number, maxLines: number): Lines | undefined {
    const waiting = Math.min(this.waiting, maxLines, this.#mask + 1 - (this.#durable & this.#mask))
    if (waiting <= 0) return undefined
    const first = this.#durable & this.#mask
    const start = this.#places[first * 2]!
    let end = start
    let count = 0
    for (; count < waiting; count++) {
      const place = (first + count) * 2
      const length = this.#places[place + 1]!
      if (count > 0 && (this.#places[place] !== end || end + length - start > maxBytes)) break
      if (this.#durable + count >= this.#hashed) this.#hash(first + count, this.#places[place]!, length - 1)
      end = this.#places[place]! + length
    }
    return {
      count,
      bytes: this.#bytes.subarray(start, end),
      leafHashes: this.#hashes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES),
    }
  }

  /** The oldest lines are durable. */
  confirm(count: number): void {
    this.#durable += count
    Atomics.store(this.#words, Word.durable, this.#durable | 0)
  }

  #hash(place: number, start: number, length: number): void {
    // RFC 6962 2.1: a leaf is hashed behind a zero byte. The byte before a line is borrowed for it.
    const before = this.#bytes[start - 1]!
    this.#bytes[start - 1] = 0
    const leaf = hash('sha256', new Uint8Array(this.#bytes.buffer, start - 1, length + 1), 'binary')
    this.#bytes[start - 1] = before
    putHash(leaf, this.#hashes, place * HASH_BYTES)
    this.#hashed++
  }

  /**
   * Waits until the bell rings, at most so long.
   *
   * @param unless - asked once the bell would be heard; true: there is no need to wait
   */
  nap(ms: number, unless: () => boolean): void {
    const bell = Atomics.load(this.#words, Word.bell)
    Atomics.store(this.#words, Word.rest, Rest.napping)
    if (this.urgent <= 0 && !unless()) Atomics.wait(this.#words, Word.bell, bell, ms)
    Atomics.store(this.#words, Word.rest, Rest.awake)
  }

  /** Says that it will not look again before it is told. @returns false when something was published meanwhile */
  sleep(): boolean {
    Atomics.store(this.#words, Word.rest, Rest.asleep)
    if (this.waiting === 0) return true
    Atomics.store(this.#words, Word.rest, Rest.awake)
    return false
  }
}
