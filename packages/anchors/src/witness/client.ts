// The log's side of C2SP tlog-witness: one witness that is asked for cosignatures.
//
//   add-checkpoint(old, proof, checkpoint) ─► 200 cosignature ─► verified under the configured key
//                    ▲                    └─► 409 the size it knows ─► once more, with a proof from there
//                    └───────────────────────────┘
//
// A witness that knows more than the log, or another tree of a size the log has, is no failure to be repeated: it says that
// this log was rolled back, or that its key has signed two histories.
import { sha256, verifyEd25519 } from '@trailproof/core/adapter'
import {
  cosignatureTime,
  cosignatureVerifier,
  encodeHex,
  FormatError,
  formatAddCheckpoint,
  type NoteVerifier,
  openNote,
  parseKnownSize,
  parseNote,
  utf8,
} from '@trailproof/tlog'
import type { AnchorCheckpoint, Prove } from './anchor.js'
import { type Answer, ask } from './ask.js'
import { conflict, failed } from './errors.js'

/** A witness as a log knows it; URLs without a slash at the end. */
export interface WitnessPlace {
  name: string
  /** `name+id+key` of type 4 (cosignature/v1). */
  vkey: string
  /** Submission prefix: `<url>/add-checkpoint`. */
  url: string
  /** Monitoring prefix: `<monitoringUrl>/<hash of origin>/checkpoint`. */
  monitoringUrl: string
  timeoutMs: number
}

/** A verified cosignature: its line, ending in a newline, and the witness's clock when it made it. */
export interface Cosignature {
  line: string
  time: Date
}

export class WitnessClient {
  readonly name: string
  readonly #place: WitnessPlace
  readonly #verifier: NoteVerifier
  readonly #cosigned = new Map<string, number>() // by origin: the size this witness has cosigned last

  /** @throws FormatError the vkey is malformed, or of another type than cosignature/v1 */
  constructor(place: WitnessPlace) {
    this.name = place.name
    this.#place = place
    this.#verifier = cosignatureVerifier(sha256, place.vkey, verifyEd25519)
  }

  /**
   * Asks for a cosignature.
   *
   * @throws TRAILPROOF_ANCHOR_FAILED `reason` says why there is none; it may be asked again
   * @throws TRAILPROOF_ANCHOR_CONFLICT `reason` is `rolled_back` (`found` is the size the witness knows) or `forked`
   */
  async cosign(checkpoint: AnchorCheckpoint, prove: Prove, signal: AbortSignal): Promise<Cosignature> {
    const { origin, size } = checkpoint
    let oldSize = this.#cosigned.get(origin) ?? 0
    if (oldSize > size) throw this.#rolledBack(checkpoint, oldSize)
    let answer = await this.#send(checkpoint, oldSize, prove, signal)
    if (answer.status === 409) {
      const known = this.#knownSize(answer, checkpoint, oldSize)
      oldSize = known
      answer = await this.#send(checkpoint, known, prove, signal)
      // A second 409: somebody else is submitting this log's checkpoints. Above our size it is still an alarm.
      if (answer.status === 409) this.#knownSize(answer, checkpoint, known)
    }
    if (answer.status === 422 && oldSize > 0) throw this.#forked(checkpoint, oldSize)
    if (answer.status !== 200)
      throw failed('refused', `the witness "${this.name}" answered ${answer.status}`, { answer: answer.status })
    const cosignature = this.#verified(checkpoint, answer)
    this.#cosigned.set(origin, size)
    return cosignature
  }

  /**
   * The newest checkpoint of a log that the witness has cosigned; undefined when it knows none.
   *
   * @returns a note with this witness's cosignature; whether the log signed it, is for the caller to verify
   * @throws TRAILPROOF_ANCHOR_FAILED
   */
  async latest(origin: string, signal: AbortSignal): Promise<string | undefined> {
    const { monitoringUrl, timeoutMs } = this.#place
    const url = `${monitoringUrl}/${encodeHex(sha256(utf8(origin)))}/checkpoint`
    const { status, body } = await ask(this.name, url, undefined, timeoutMs, signal)
    if (status === 404) return undefined
    if (status !== 200) throw failed('refused', `the witness "${this.name}" answered ${status}`, { answer: status })
    this.#cosignatureOn(body)
    return body
  }

  async #send(checkpoint: AnchorCheckpoint, oldSize: number, prove: Prove, signal: AbortSignal): Promise<Answer> {
    const proof = oldSize === 0 || oldSize === checkpoint.size ? [] : await prove(oldSize)
    const body = formatAddCheckpoint({ oldSize, proof, checkpoint: checkpoint.note })
    return ask(this.name, `${this.#place.url}/add-checkpoint`, body, this.#place.timeoutMs, signal)
  }

  // The size to try again with.
  #knownSize({ body }: Answer, checkpoint: AnchorCheckpoint, sent: number): number {
    const known = orUndefined(() => parseKnownSize(body))
    if (known !== undefined && known > checkpoint.size) throw this.#rolledBack(checkpoint, known)
    // Older witnesses answer 409 where today's answer 422: the size is right, and the tree another.
    if (sent === checkpoint.size && (known === undefined || known === sent)) throw this.#forked(checkpoint, sent)
    if (known === undefined || known === sent)
      throw failed('refused', `the witness "${this.name}" answered 409 and named no other size`, { answer: 409 })
    return known
  }

  #verified({ note }: AnchorCheckpoint, { body }: Answer): Cosignature {
    return this.#cosignatureOn(`${parseNote(note).text}\n${body}`)
  }

  // Lines of other keys count for nothing and are dropped.
  #cosignatureOn(note: string): Cosignature {
    try {
      const [signature] = openNote(note, [this.#verifier]).verified
      return { line: `${signature!.line}\n`, time: new Date(cosignatureTime(signature!) * 1000) }
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause
      throw failed(
        'invalid',
        `the answer of the witness "${this.name}" is no cosignature of its key: ${cause.message}`,
        {
          cause,
        },
      )
    }
  }

  #rolledBack({ origin, size }: AnchorCheckpoint, known: number) {
    return conflict(
      'rolled_back',
      `the witness "${this.name}" has seen ${known} records of this log, which has ${size}`,
      {
        witness: this.name,
        origin,
        expected: size,
        found: known,
      },
    )
  }

  // Our own proofs are checked before they are sent, so a proof that fails there means that the trees differ.
  #forked({ origin, size }: AnchorCheckpoint, known: number) {
    return conflict('forked', `the witness "${this.name}" has seen other records below ${known} than this log has`, {
      witness: this.name,
      origin,
      expected: size,
      found: known,
    })
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
