// The text of a line, written as bytes where it will be read from: no string stands for a line on its way to the log.
import type { FleetingBody } from '../log/entry.js'
import { quote } from './json.js'
import { microsOf, upToDot } from './time.js'

/** Constant text of lines, held so that it is written four bytes at a time. */
export class Fragment {
  readonly length: number
  readonly words: Int32Array

  /** @param json - as it is to stand in the line */
  constructor(json: string) {
    const text = Buffer.from(json)
    const padded = Buffer.alloc((text.length + 3) & ~3)
    text.copy(padded)
    this.length = text.length
    this.words = Int32Array.from({ length: padded.length / 4 }, (_, i) => padded.readInt32LE(i * 4))
  }
}

/** `,"key":` for each key. */
export function fragments<Key extends string>(...keys: Key[]): Readonly<Record<Key, Fragment>> {
  return Object.fromEntries(keys.map((key) => [key, new Fragment(`,"${key}":`)])) as Record<Key, Fragment>
}

/** Most lines are under a kilobyte. */
const SCRATCH = 16 * 1024
/** A scratch that had to grow beyond this is given up with its line. */
const MOST_KEPT = 256 * 1024

const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * Writes members of a JSON object, each with a comma before it, so that any of them may be missing. What it has written
 * is the body of a line as the log takes it, and stands until `begin`.
 */
export class LineWriter implements FleetingBody {
  readonly start = 8 // behind the comma of the first member, and where words begin
  end = 0
  source = Buffer.allocUnsafeSlow(SCRATCH)
  words = new Int32Array(this.source.buffer)
  #view = new DataView(this.source.buffer)
  #object = 0
  #members = 0
  #items = 0

  begin(): void {
    this.end = this.start - 1
    if (this.source.length > MOST_KEPT) this.#use(Buffer.allocUnsafeSlow(SCRATCH))
  }

  /** JSON as it is. */
  json(json: string): void {
    const { length } = json
    this.#makeRoom(length * 3)
    const { source } = this
    let at = this.end
    for (let i = 0; i < length; i++) {
      const unit = json.charCodeAt(i)
      if (unit > 0x7e) {
        this.end += source.write(json, this.end, 'utf8')
        return
      }
      source[at++] = unit
    }
    this.end = at
  }

  /** A text as a JSON string, the same as `quote` makes it. */
  string(text: string): void {
    const { length } = text
    this.#makeRoom(length + 2)
    const { source } = this
    let at = this.end
    source[at++] = QUOTE
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) {
        this.json(quote(text))
        return
      }
      source[at++] = unit
    }
    source[at++] = QUOTE
    this.end = at
  }

  /** Constant text, such as a key. */
  constant({ words, length }: Fragment): void {
    this.#makeRoom(length + 4)
    const at = this.end
    for (let i = 0; i < words.length; i++) this.#view.setInt32(at + i * 4, words[i]!, true) // what is too much is written over
    this.end = at + length
  }

  /** `,"name":` of a member whose name somebody else chose. */
  nameMember(name: string): void {
    this.#put(COMMA)
    this.string(name)
    this.#put(COLON)
  }

  /** `,"key":"text"`, or nothing. */
  text(key: Fragment, text: string | undefined): void {
    if (text === undefined) return
    this.constant(key)
    this.string(text)
  }

  /** `,"key":json`, or nothing. */
  member(key: Fragment, json: string | undefined): void {
    if (json === undefined) return
    this.constant(key)
    this.json(json)
  }

  /** `,"key":5`, or nothing for what is no number that JSON knows. */
  number(key: Fragment, value: unknown): void {
    if (typeof value !== 'number' || !Number.isFinite(value)) return
    this.constant(key)
    if (value === value >>> 0) this.digits(value, value < 10 ? 1 : String(value).length)
    else this.json(String(value))
  }

  /** A whole number, with zeros before it up to this many digits. */
  digits(value: number, count: number): void {
    this.#makeRoom(count)
    let rest = value
    for (let at = this.end + count - 1; at >= this.end; at--) {
      const tenth = Math.floor(rest / 10)
      this.source[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.end += count
  }

  /** `,"key":"2026-11-23T09:15:02.123456Z"`, as `formatTime` has it. */
  time(key: Fragment, ms: number): void {
    this.constant(key)
    this.#put(QUOTE)
    this.json(upToDot(ms))
    this.digits(microsOf(ms), 6)
    this.json('Z"')
  }

  /** Begins an object; what follows are its members. Objects do not nest here: what is deeper comes as `json`. */
  open(key: Fragment): void {
    this.#object = this.end
    this.constant(key)
    this.#members = this.end
  }

  /** Ends the object, or takes it back when it has no members. */
  close(): void {
    if (this.end === this.#members) {
      this.end = this.#object
      return
    }
    this.source[this.#members] = 0x7b /* { */ // in place of the first member's comma
    this.#put(0x7d)
  }

  /** Begins a list of texts; what follows are its items. */
  openList(key: Fragment): void {
    this.constant(key)
    this.#items = this.end
  }

  item(text: string): void {
    this.#put(COMMA)
    this.string(text)
  }

  closeList(): void {
    if (this.end === this.#items) this.#put(0x5b)
    this.source[this.#items] = 0x5b // in place of the first item's comma
    this.#put(0x5d)
  }

  /** Ends the line. */
  finish(): void {
    this.#put(0x7d)
  }

  /** What stands between two places. */
  slice(start: number, end: number): string {
    return this.source.toString('utf8', start, end)
  }

  #put(byte: number): void {
    this.#makeRoom(1)
    this.source[this.end++] = byte
  }

  #makeRoom(bytes: number): void {
    if (this.end + bytes > this.source.length) this.#grow(bytes)
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.source.length, (this.end + bytes + 3) & ~3) * 2)
    this.source.copy(larger, 0, 0, this.end)
    this.#use(larger)
  }

  #use(source: Buffer<ArrayBuffer>): void {
    this.source = source
    this.#view = new DataView(source.buffer)
    this.words = new Int32Array(source.buffer)
  }
}
