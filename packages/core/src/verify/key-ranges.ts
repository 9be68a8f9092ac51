// Which key may sign which sizes. A log begins with one key; a record `audit.key_rotated` at index r hands it over to the
// next, but only when the key in force has signed the checkpoint of exactly r + 1 leaves, whose last leaf the record is.
// From r + 2 on the next key signs alone. Without this border a key that came later could sign old history anew
// (CVE-2023-31439, journald's sealing), and one that was stolen after it had been replaced could still write.
import { KEY_ROTATED, rotatedTo } from '../log/rotation.js'
import { idOf } from './keys.js'
import type { Note, Problem } from './report.js'

/** A key and the sizes of the checkpoints it signs: `from` up to and with `to`, or without end. */
export interface KeyRange {
  /** Key id as in the signature line, hex. */
  id: string
  from: number
  to?: number
}

/** A raw public key as text, for comparing. */
export type RawKey = string

export const rawText = (key: Uint8Array): RawKey => Buffer.from(key).toString('hex')

interface Signed {
  size: number
  signers: readonly RawKey[]
}

interface Range {
  key: RawKey
  from: number
  to: number
}

interface Stray extends Signed {
  count: number
  last: number
}

/** No honest log has as many; a hostile one must not fill the memory. */
const MAX_ROTATIONS = 10_000

export class KeyRanges {
  readonly #ranges: Range[] = []
  readonly #rotations = new Map<number, RawKey>()
  readonly #confirmed = new Set<number>()
  readonly #strays = new Map<string, Stray>()
  #confirming: { size: number; next: RawKey } | undefined

  readonly #purged: { begin: number; heirs: ReadonlySet<RawKey> }
  #signed = 0 // the largest size that was admitted

  /**
   * @param first - the key that the log began with; undefined: whoever signed its first believed checkpoint
   * @param purged - the lines below `begin` are gone, and with them records of rotations; there these keys may follow one another
   */
  constructor(first: RawKey | undefined, purged = { begin: 0, heirs: new Set<RawKey>() as ReadonlySet<RawKey> }) {
    this.#purged = purged
    if (first !== undefined) this.#ranges.push({ key: first, from: 0, to: Number.POSITIVE_INFINITY })
  }

  /** The keys that records hand over to, whether they came into force or not. */
  get named(): Iterable<RawKey> {
    return this.#rotations.values()
  }

  /** Shows lines before any checkpoint above them is judged. */
  see(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = text.indexOf(NEEDLE); at >= 0; at = text.indexOf(NEEDLE, at + 1)) {
      const end = text.indexOf(0x0a, at)
      const line = text.subarray(text.lastIndexOf(0x0a, at) + 1, end < 0 ? text.length : end)
      const next = rotatedTo(line)
      const seq = next && seqOf(line)
      if (next && seq !== undefined && this.#rotations.size < MAX_ROTATIONS) this.#rotations.set(seq, rawText(next))
    }
  }

  /**
   * May this checkpoint be believed? To be asked in ascending order of sizes; one that may not is kept for the report. What
   * it signs need not fit the lines: where they were changed, a checkpoint below tells so, whoever signed those above.
   */
  admits(mark: Signed): boolean {
    // Several may be of one size, so the next key is in force with the first that is larger.
    if (this.#confirming && mark.size > this.#confirming.size) this.finish()
    if (this.#ranges.length === 0) this.#ranges.push({ key: mark.signers[0]!, from: 0, to: Number.POSITIVE_INFINITY })
    const { key } = this.#ranges.at(-1)!
    if (!mark.signers.includes(key) && !this.#inherits(mark)) {
      this.#stray(mark)
      return false
    }
    this.#signed = mark.size
    const next = this.#rotations.get(mark.size - 1)
    if (next !== undefined) this.#confirming = { size: mark.size, next }
    return true
  }

  /** The key in force signs up to the record of its end; where that may be gone, the next key is known from elsewhere. */
  #inherits({ signers }: Signed): boolean {
    const { begin, heirs } = this.#purged
    const next = signers.find((key) => heirs.has(key) && !this.has(key))
    if (next === undefined || this.#signed > begin || begin === 0) return false
    this.#ranges.at(-1)!.to = this.#signed
    this.#ranges.push({ key: next, from: this.#signed + 1, to: Number.POSITIVE_INFINITY })
    return true
  }

  /** Every checkpoint was shown. */
  finish(): void {
    if (!this.#confirming) return
    const { size, next } = this.#confirming
    this.#ranges.at(-1)!.to = size
    this.#ranges.push({ key: next, from: size + 1, to: Number.POSITIVE_INFINITY })
    this.#confirmed.add(size - 1)
    this.#confirming = undefined
  }

  /** The same question once all was shown. */
  allows({ size, signers }: Signed): boolean {
    return this.#ranges.some(({ key, from, to }) => from <= size && size <= to && signers.includes(key))
  }

  /** Was this key ever in force? */
  has(key: RawKey): boolean {
    return this.#ranges.some((range) => range.key === key)
  }

  /** The keys that came into force before the first of these, in order. */
  before(keys: ReadonlySet<RawKey>): RawKey[] {
    const at = this.#ranges.findIndex(({ key }) => keys.has(key))
    return this.#ranges.slice(0, at < 0 ? undefined : at).map(({ key }) => key)
  }

  /** For the report: in the order in which they came into force. */
  list(origin: string): KeyRange[] {
    return this.#ranges.map(({ key, from, to }) => ({
      id: nameOf(origin, key),
      from,
      ...(Number.isFinite(to) && { to }),
    }))
  }

  problems(origin: string): Problem[] {
    return [...this.#strays.values()].map(({ size, signers, count, last }) => {
      const more = count > 1 ? ` (and ${count - 1} more checkpoints up to ${last})` : ''
      const key = signers[0]!
      const id = nameOf(origin, key)
      return {
        kind: 'key_out_of_range',
        index: size,
        detail: `checkpoint ${size} is signed by key ${id} outside its range, ${this.#words(key)}${more}`,
      }
    })
  }

  /** @param size - lines in the log */
  notes(origin: string, size: number): Note[] {
    const idle = [...this.#rotations].filter(([index]) => !this.#confirmed.has(index) && index < size)
    return idle.slice(0, MAX_NOTES).map(([index, key]) => ({
      kind: 'rotation_unconfirmed',
      index,
      detail: `record ${index} hands the log over to key ${nameOf(origin, key)}; the key before it has not signed that, so it has no effect`,
    }))
  }

  #words(key: RawKey): string {
    const ranges = this.#ranges.filter((range) => range.key === key)
    if (ranges.length === 0 && this.#purged.begin > 0)
      return 'which is empty: no rotation leads to it. If its record was purged, give this key, too'
    if (ranges.length === 0) return 'which is empty: no rotation that the key before it signed leads to it'
    return ranges.map(({ from, to }) => `sizes ${from} ${Number.isFinite(to) ? `to ${to}` : 'and up'}`).join(', ')
  }

  // A stolen key may have signed thousands: one finding for each key and each stretch between two changes of hands.
  #stray({ size, signers }: Signed): void {
    const key = `${signers[0]} ${this.#ranges.length}`
    const known = this.#strays.get(key)
    if (!known) this.#strays.set(key, { size, signers, count: 1, last: size })
    else if (size > known.last) {
      known.count++ // the newest stands in two files
      known.last = size
    }
  }
}

const NEEDLE = `"${KEY_ROTATED}"`
const MAX_NOTES = 20

const nameOf = (origin: string, key: RawKey) => idOf(origin, Buffer.from(key, 'hex'))

// By its own number, not by its place: that holds where lines before it were added or lost, too.
function seqOf(line: Buffer): number | undefined {
  const { seq } = JSON.parse(line.toString('utf8')) as { seq?: unknown }
  return Number.isSafeInteger(seq) ? (seq as number) : undefined
}
