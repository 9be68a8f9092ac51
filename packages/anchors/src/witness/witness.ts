// The decisions of a witness (C2SP tlog-witness): cosign what a known log has signed and can prove to have grown out of what
// was cosigned before; never two trees of one size, never a smaller one after a larger.
import { sha256, verifyEd25519 } from '@trailproof/core/adapter'
import {
  ed25519Verifier,
  equalBytes,
  FormatError,
  formatKnownSize,
  NoteError,
  type NoteSigner,
  type NoteVerifier,
  type OpenedCheckpoint,
  openCheckpoint,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  SIZE_CONTENT_TYPE,
  signNote,
  treeHasher,
  verifyConsistency,
} from '@trailproof/tlog'
import { hashOfOrigin, type Remembered, type WitnessState } from './state.js'
import { Turns } from './turns.js'

export interface Reply {
  status: number
  body: string
  /** Content type; default plain text. */
  type?: string
}

/** A checkpoint that its log has signed and that was not cosigned, because it contradicts what was: evidence. */
export interface Contradiction {
  origin: string
  /** What was cosigned. */
  known: string
  /** What the log has signed since. */
  submitted: string
}

export interface WitnessOptions {
  signer: NoteSigner
  /** Of each log one vkey or several, of type 1; the key's name is the log's origin. */
  logs: readonly string[]
  state: WitnessState
  onContradiction?(contradiction: Contradiction): void
  /** An error of this witness's own disk; it has answered 500. */
  onTrouble?(error: unknown): void
}

const hasher = treeHasher(sha256)

export class Witness {
  readonly #options: WitnessOptions
  readonly #logs = new Map<string, NoteVerifier[]>() // by origin
  readonly #turns = new Turns()

  /** @throws FormatError a log's vkey is malformed or of another type than Ed25519 */
  constructor(options: WitnessOptions) {
    this.#options = options
    for (const vkey of options.logs) {
      const verifier = ed25519Verifier(sha256, vkey, verifyEd25519)
      this.#logs.set(verifier.name, [...(this.#logs.get(verifier.name) ?? []), verifier])
    }
  }

  /** Answers the body of an add-checkpoint request. A cosignature in the answer is durable here. Never rejects. */
  async addCheckpoint(body: string): Promise<Reply> {
    const request = readRequest(body)
    if (!request) return reply(400, 'this is no add-checkpoint request')
    const verifiers = this.#logs.get(request.origin)
    if (!verifiers) return reply(404, 'this log is not witnessed here')
    const opened = openedBy(verifiers, request.checkpoint, request.origin)
    if (!opened) return reply(403, 'no key known of this log has signed the checkpoint, or one has not signed this')
    if (request.oldSize > opened.checkpoint.size) return reply(400, 'the old size is above the size of the checkpoint')
    const hash = hashOfOrigin(request.origin)
    const decide = () => this.#decide(hash, opened, request.oldSize, request.proof)
    try {
      return await (this.#turns.take(hash, decide) ?? reply(503, 'too many requests for this log at once'))
    } catch (error) {
      this.#options.onTrouble?.(error)
      return reply(500, 'the witness cannot keep what it would cosign')
    }
  }

  /** The newest checkpoint that was cosigned of the log with this hash (hex, of its origin). */
  latest(hash: string): Reply {
    const known = this.#options.state.get(hash)
    return known ? { status: 200, body: known.note } : reply(404, 'of this log no checkpoint was cosigned')
  }

  // Alone with this log until it returns.
  async #decide(hash: string, opened: OpenedCheckpoint, oldSize: number, proof: readonly Uint8Array[]): Promise<Reply> {
    const { state, signer } = this.#options
    const known = state.get(hash)
    if (oldSize !== (known?.size ?? 0))
      return { status: 409, body: formatKnownSize(known?.size ?? 0), type: SIZE_CONTENT_TYPE }
    if (!follows(known, opened, proof)) {
      if (known) this.#contradicted(known, opened)
      return reply(422, 'the proof does not lead from what was cosigned to this checkpoint')
    }
    const logLines = opened.verified.map(({ line }) => line)
    const note = signNote(opened.text, [signer], logLines)
    const { size, root } = opened.checkpoint
    if (known && known.size === size && state.isSound(hash)) return cosignature(note)
    await state.put(hash, { size, root, note })
    return cosignature(note) // durable: a crash above leaves either tree behind, and no cosignature went out
  }

  #contradicted({ note }: Remembered, { text, verified, checkpoint }: OpenedCheckpoint): void {
    const submitted = signNote(
      text,
      [],
      verified.map(({ line }) => line),
    )
    this.#options.onContradiction?.({ origin: checkpoint.origin, known: note, submitted })
  }
}

// True when the checkpoint's tree begins with the whole of what is known. Of the first one nothing can be asked.
function follows(
  known: Remembered | undefined,
  { checkpoint }: OpenedCheckpoint,
  proof: readonly Uint8Array[],
): boolean {
  const { size, root } = checkpoint
  if (size === 0) return proof.length === 0 && equalBytes(root, hasher.empty())
  if (!known || known.size === 0) return proof.length === 0
  return verifyConsistency(hasher, { first: known.size, second: size, firstRoot: known.root, secondRoot: root, proof })
}

function readRequest(body: string) {
  try {
    const request = parseAddCheckpoint(body)
    return { ...request, origin: parseCheckpoint(parseNote(request.checkpoint).text).origin }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function openedBy(verifiers: readonly NoteVerifier[], note: string, origin: string): OpenedCheckpoint | undefined {
  try {
    return openCheckpoint(note, verifiers, origin)
  } catch (error) {
    if (error instanceof NoteError) return undefined
    throw error
  }
}

/** The line that signNote has put last. */
const cosignature = (note: string): Reply => ({ status: 200, body: `${note.trimEnd().split('\n').at(-1)}\n` })

const reply = (status: number, text: string): Reply => ({ status, body: `${text}\n` })
