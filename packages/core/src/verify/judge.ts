// Judges one signed checkpoint: is it from this log, signed by a key we believe? Whether its root fits the lines is for the
// walk to see. Signatures are checked on the thread pool while the main thread hashes.
import { verify } from 'node:crypto'
import { type NoteSignature, parseCheckpoint, parseNote } from '@trailproof/tlog'
import { type KeyRanges, type RawKey, rawText } from './key-ranges.js'
import { idOf, type PublicKey } from './keys.js'

/** A checkpoint that may be believed, or why not. `size` is -1 when the note could not be read. */
export interface Verdict {
  size: number
  origin: string
  /** latin1 */
  root: string
  /** The known keys that signed it; empty when it is refused. */
  signers: RawKey[]
  refused?: { kind: 'bad_signature' | 'wrong_key' | 'wrong_origin' | 'unreadable'; detail: string }
}

export class Judge {
  readonly #keys: readonly PublicKey[]
  readonly #origins: ReadonlySet<string>
  readonly #ranges: KeyRanges | undefined
  readonly #ids = new Map<string, Map<string, PublicKey>>()

  /**
   * @param keys - believed when their own origin is the note's, or when they have none
   * @param origins - the only ones to accept; none: any
   * @param ranges - what each key may sign, once that is known
   */
  constructor(keys: readonly PublicKey[], origins: readonly string[], ranges?: KeyRanges) {
    this.#keys = keys
    this.#origins = new Set(origins)
    this.#ranges = ranges
  }

  async judge(note: string): Promise<Verdict> {
    const read = readNote(note)
    if (!read)
      return {
        size: -1,
        origin: '',
        root: '',
        signers: [],
        refused: { kind: 'unreadable', detail: 'a checkpoint is not a signed note' },
      }
    const { text, signatures, origin, size, root } = read
    const verdict = { size, origin, root, signers: [] }
    if (this.#origins.size > 0 && !this.#origins.has(origin)) {
      const expected = [...this.#origins].join(', ')
      return { ...verdict, refused: { kind: 'wrong_origin', detail: `a checkpoint of ${origin}, not of ${expected}` } }
    }
    const known = this.#idsOf(origin)
    const signers: RawKey[] = []
    for (const { name, keyId, signature } of signatures) {
      const key = name === origin ? known.get(Buffer.from(keyId).toString('hex')) : undefined
      if (!key) continue // a witness's or a stranger's signature says nothing about the log
      if (!(await holds(key, text, signature)))
        return {
          ...verdict,
          refused: { kind: 'bad_signature', detail: `the signature of checkpoint ${size} does not match` },
        }
      signers.push(rawText(key.raw))
    }
    if (signers.length > 0 && this.#ranges?.allows({ size, signers }) === false)
      return {
        ...verdict,
        refused: { kind: 'wrong_key', detail: `checkpoint ${size} is signed outside its key's range` },
      }
    if (signers.length > 0) return { ...verdict, signers }
    const found = signatures.map(({ keyId }) => Buffer.from(keyId).toString('hex')).join(', ')
    const detail = `checkpoint ${size} is signed by key ${found}, not by ${[...known.keys()].join(' or ') || 'a key that is known here'}`
    return { ...verdict, refused: { kind: 'wrong_key', detail } }
  }

  #idsOf(origin: string): Map<string, PublicKey> {
    let ids = this.#ids.get(origin)
    if (!ids) {
      const believed = this.#keys.filter((key) => key.origin === undefined || key.origin === origin)
      ids = new Map(believed.map((key) => [idOf(origin, key.raw), key]))
      // Bounded: a hostile file can name a new origin in every note.
      if (this.#ids.size < 100) this.#ids.set(origin, ids)
    }
    return ids
  }
}

/** Takes a checkpoint apart without believing it. */
export function readNote(
  note: string,
): { text: string; signatures: NoteSignature[]; origin: string; size: number; root: string } | undefined {
  try {
    const { text, signatures } = parseNote(note)
    const { origin, size, root } = parseCheckpoint(text)
    return { text, signatures, origin, size, root: Buffer.from(root).toString('latin1') }
  } catch {
    return undefined
  }
}

function holds({ key }: PublicKey, text: string, signature: Uint8Array): Promise<boolean> {
  if (signature.length !== 64) return Promise.resolve(false)
  return new Promise((resolve) => {
    verify(null, Buffer.from(text), key, signature, (error, good) => resolve(!error && good))
  })
}
