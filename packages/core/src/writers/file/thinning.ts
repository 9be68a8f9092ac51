// Thinning `checkpoints.log`: a busy log signs every ten milliseconds, and nobody needs all of those for ever. Recent ones all
// stay; of older ones the last at or before each multiple of 256 leaves, which is where tiles and, as a rule, segments end.
// Places are told in leaves, as verify tells them, so no clock is needed. A checkpoint that others have signed too (witnesses)
// always stays, and so does the last one of each key.
import { TILE_WIDTH } from '@trailproof/tlog'
import type { Steps } from './steps.js'

export interface Thinning {
  /** From so many bytes on; and then each time the history has doubled. */
  bytes: number
  /** All checkpoints over the newest so many leaves stay. */
  records: number
}

/** No note of ours comes near it; so much without a whole note is none, and is kept as it is. */
const MAX_HELD = 128 * 1024

/** The size that a note signs; -Infinity for what is none. */
export function sizeOfNote(note: string): number {
  const size = Number(note.split('\n', 2)[1])
  return Number.isSafeInteger(size) ? size : Number.NEGATIVE_INFINITY
}

/** Passes a history on, piece by piece, without the notes that need not stay. What is no note stays: it may be evidence. */
export class Thinner {
  readonly #below: number
  readonly #put: (bytes: Uint8Array) => Steps<void>
  #held: Buffer = Buffer.alloc(0)
  #older: Sized | undefined // stays unless the next one can stand for it

  /** @param below - only notes of smaller sizes are thinned out */
  constructor(below: number, put: (bytes: Uint8Array) => Steps<void>) {
    this.#below = below
    this.#put = put
  }

  *take(piece: Uint8Array): Steps<void> {
    if (!(this.#below > 0)) return yield* this.#put(piece)
    const bytes = Buffer.concat([this.#held, piece])
    const notes = notesIn(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1))
    notes.pop() // more of its signature lines may come with the next piece
    this.#held = bytes.subarray(bytesOf(notes))
    yield* this.#pass(notes)
    if (this.#held.length > MAX_HELD) yield* this.finish()
  }

  /** What is left. */
  *finish(): Steps<void> {
    const notes = notesIn(this.#held)
    yield* this.#pass(notes)
    const rest = this.#held.subarray(bytesOf(notes))
    const last = Buffer.concat([Buffer.from(this.#older?.note ?? ''), rest])
    this.#older = undefined
    this.#held = Buffer.alloc(0)
    if (last.length > 0) yield* this.#put(last)
  }

  *#pass(notes: readonly Sized[]): Steps<void> {
    const kept: string[] = []
    for (const next of notes) {
      if (this.#older && !standsFor(next, this.#older)) kept.push(this.#older.note)
      this.#older = undefined
      if (next.size < this.#below && !isCosigned(next.note)) this.#older = next
      else kept.push(next.note)
    }
    if (kept.length > 0) yield* this.#put(Buffer.from(kept.join('')))
  }
}

interface Sized {
  size: number
  note: string
}

/** As splitNotes of tlog, but for shape alone: a history has a hundred thousand, and this runs beside requests. */
const NOTE = /[^\n]+\n(\d{1,16})\n[A-Za-z0-9+/]{43}=\n\n(?:\u2014 [^\n]+\n)+/y

function notesIn(bytes: Buffer): Sized[] {
  const text = bytes.toString('utf8')
  const notes: Sized[] = []
  NOTE.lastIndex = 0
  for (let match = NOTE.exec(text); match; match = NOTE.exec(text))
    notes.push({ size: Number(match[1]), note: match[0] })
  return notes
}

const bytesOf = (notes: readonly Sized[]) => notes.reduce((sum, { note }) => sum + Buffer.byteLength(note), 0)

// Two notes for one size, or a smaller size after a larger one, show that somebody signed two trees: both stay.
const standsFor = (next: Sized, older: Sized) =>
  bucketOf(next) === bucketOf(older) &&
  signerOf(next) === signerOf(older) &&
  (next.size > older.size || next.note === older.note)

const bucketOf = ({ size }: Sized) => Math.ceil(size / TILE_WIDTH)

/** Key id of the only signature. The last checkpoint of a key, over the record of its end, hands the log over: it stays. */
const signerOf = ({ note }: Sized) => Buffer.from(note.slice(note.lastIndexOf(' ') + 1), 'base64').toString('hex', 0, 4)

const isCosigned = (note: string) =>
  note
    .slice(note.indexOf('\n\n') + 2)
    .trimEnd()
    .includes('\n')
