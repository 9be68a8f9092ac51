// The text of a line, written as bytes where it will be read from: no string stands for a line on its way to the log.
import type { BodyBytes } from '../log/entry.js'
import { quote } from './json.js'
import { microsOf, upToDot } from './time.js'

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
export class LineWriter implements BodyBytes {
  readonly fleeting = true
  readonly start = 1 // behind the comma of the first member
  end = 0
  source = Buffer.allocUnsafeSlow(SCRATCH)
  #object = 0
  #members = 0
  #items = 0

  begin(): void {
    this.end = 0
    if (this.source.length > MOST_KEPT) this.source = Buffer.allocUnsafeSlow(SCRATCH)
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

  /** `,"key":`. @param key - ASCII that needs no escapes */
  key(key: string): void {
    const { length } = key
    this.#makeRoom(length + 4)
    const { source } = this
    let at = this.end
    source[at++] = COMMA
    source[at++] = QUOTE
    for (let i = 0; i < length; i++) source[at++] = key.charCodeAt(i)
    source[at++] = QUOTE
    source[at++] = COLON
    this.end = at
  }

  /** `,"name":` of a member whose name somebody else chose. */
  nameMember(name: string): void {
    this.#put(COMMA)
    this.string(name)
    this.#put(COLON)
  }

  /** `,"key":"text"`, or nothing. */
  text(key: string, text: string | undefined): void {
    if (text === undefined) return
    this.key(key)
    this.string(text)
  }

  /** `,"key":json`, or nothing. */
  member(key: string, json: string | undefined): void {
    if (json === undefined) return
    this.key(key)
    this.json(json)
  }

  /** `,"key":5`, or nothing for what is no number that JSON knows. */
  number(key: string, value: unknown): void {
    if (typeof value !== 'number' || !Number.isFinite(value)) return
    this.key(key)
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
  time(key: string, ms: number): void {
    this.key(key)
    this.#put(QUOTE)
    this.json(upToDot(ms))
    this.digits(microsOf(ms), 6)
    this.json('Z"')
  }

  /** Begins an object; what follows are its members. Objects do not nest here: what is deeper comes as `json`. */
  open(key: string): void {
    this.#object = this.end
    this.key(key)
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
  openList(key: string): void {
    this.key(key)
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
    const larger = Buffer.allocUnsafeSlow(Math.max(this.source.length * 2, this.end + bytes))
    this.source.copy(larger, 0, 0, this.end)
    this.source = larger
  }
}
