// The newest checkpoint of a log that may be believed: what is published of a log ends there.
import { formatVkey, KeyType } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { Judge, readNote } from '../verify/judge.js'
import { idOf, originsOf, type PublicKey, parseKeys, sha256 } from '../verify/keys.js'
import type { Reader } from '../verify/reader.js'
import type { Trust } from '../verify/report.js'
import { corruptCheckpoint } from './faults.js'

export interface SignedHead {
  /** The checkpoint, verbatim. */
  note: string
  origin: string
  size: number
  /** latin1 */
  root: string
  /** The public key that signed it, under the log's name. */
  vkey: string
  trust: Trust
}

/** Reads the heads of one log, believing the same keys each time. */
export class HeadReader {
  readonly #reader: Reader
  readonly #given: PublicKey[]

  /**
   * @param keys - as VerifyOptions; default the log's own
   * @throws TRAILPROOF_KEY_INVALID
   */
  constructor(reader: Reader, keys: readonly string[] = []) {
    this.#reader = reader
    this.#given = keys.flatMap(parseKeys)
  }

  /**
   * The newest synced checkpoint (the file `checkpoint`); `checkpoints.log` may be ahead of it, by a second at most.
   *
   * @throws TRAILPROOF_KEY_MISSING no key was given, and the log names none
   * @throws TRAILPROOF_CHECKPOINT_CORRUPT nothing in the log is signed, or not by such a key
   */
  async read(): Promise<SignedHead> {
    const keys = this.#given.length > 0 ? this.#given : await ownKeys(this.#reader)
    const note = await this.#reader.newest()
    if (note === undefined) throw corruptCheckpoint('there is no checkpoint: nothing in this log is signed yet')
    const { origin, size, root, refused } = await new Judge(keys, originsOf(keys)).judge(note)
    if (refused) throw corruptCheckpoint(refused.detail)
    const trust = this.#given.length > 0 ? 'key' : 'self'
    return { note, origin, size, root, vkey: signerOf(note, origin, keys), trust }
  }
}

async function ownKeys(reader: Reader): Promise<PublicKey[]> {
  const own = await reader.vkey()
  if (own !== undefined) return parseKeys(own)
  throw new TrailproofError('TRAILPROOF_KEY_MISSING', 'the log names no public key (log.vkey)', {
    hint: 'give the public key as you know it from elsewhere, with --key',
  })
}

function signerOf(note: string, origin: string, keys: readonly PublicKey[]): string {
  const ids = new Set(readNote(note)!.signatures.map(({ keyId }) => Buffer.from(keyId).toString('hex')))
  const key = keys.find((key) => (key.origin ?? origin) === origin && ids.has(idOf(origin, key.raw)))!
  return formatVkey(sha256, origin, KeyType.ed25519, key.raw)
}
