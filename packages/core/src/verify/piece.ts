// A piece of a log in memory that threads share: its lines, and room for what they give.
//
//   bytes of the lines | offsets of their ends | hashes
import { type Digest, DigestRoom, type Found } from './digest.js'
import type { Chunk } from './reader.js'

const MAX_BYTES = 2 * 1024 * 1024
const MAX_LINES = 32 * 1024
const ENDS_AT = MAX_BYTES
const HASHES_AT = ENDS_AT + MAX_LINES * 4
const SIZE = HASHES_AT + DigestRoom.BYTES

/** Everything of a piece that is not in the shared memory. */
export interface PieceFacts {
  /** Place of its first line. */
  first: number
  length: number
  lines: number
}

export class Piece {
  readonly #memory: SharedArrayBuffer
  readonly #room: DigestRoom

  constructor(memory = new SharedArrayBuffer(SIZE)) {
    this.#memory = memory
    this.#room = new DigestRoom(memory, HASHES_AT)
  }

  get memory(): SharedArrayBuffer {
    return this.#memory
  }

  static fits({ bytes, ends }: Chunk): boolean {
    return bytes.length <= MAX_BYTES && ends.length <= MAX_LINES
  }

  /** Copies a chunk in; the copy is the piece's, until the next one. */
  fill({ bytes, ends, rest, ...chunk }: Chunk): { chunk: Chunk; facts: PieceFacts } {
    const facts = { first: chunk.first, length: bytes.length, lines: ends.length }
    const own = this.#bytes(facts)
    own.set(bytes)
    this.#ends(facts).set(ends)
    return { chunk: { ...chunk, bytes: own, ends, ...(rest && { rest: Uint8Array.from(rest) }) }, facts }
  }

  /** The work: reads the lines, writes hashes. */
  work(facts: PieceFacts): Found {
    return this.#room.fill({ first: facts.first, bytes: this.#bytes(facts), ends: this.#ends(facts) })
  }

  /** What `work` found out, here or in another thread. */
  digest({ first, lines }: PieceFacts, found: Found): Digest {
    return this.#room.digest(first, lines, found)
  }

  #bytes({ length }: PieceFacts): Uint8Array {
    return new Uint8Array(this.#memory, 0, length)
  }

  #ends({ lines }: PieceFacts): Uint32Array {
    return new Uint32Array(this.#memory, ENDS_AT, lines)
  }
}
