// When checkpoints are signed and synced, by which key, and over what: only ever over leaves that are durable.
//
// A local key signs in the same breath in which the checkpoint is kept. A key in another place is asked first, and its
// checkpoint is kept when the answer has come; meanwhile the log grows on, so such a checkpoint may be smaller than the log.
import { Frontier, HASH_BYTES } from '@trailproof/tlog'
import { type CheckpointSigner, checkpointSigner, hasher, type LogKey } from './crypto.js'
import { Handover } from './handover.js'

/** A local key signs right after a commit, at most this often. */
const SIGN_EVERY_MS = 10
/** A checkpoint of a local key is synced at most this long after the first commit it covers. */
const SYNC_EVERY_MS = 1000

export interface DueCheckpoint {
  size: number
  note: string
  sync: boolean
}

/** A size whose checkpoint is under way with a key in another place. */
interface Question {
  size: number
  askedAt: number
  /** Undefined while the answer has not come. */
  note: string | undefined
}

export class Checkpointer {
  readonly #origin: string
  readonly #handover: Handover
  /** Over durable leaves only; `grow` is called after a commit and nowhere else. */
  readonly #frontier: Frontier
  #key: LogKey
  #sign: CheckpointSigner
  #note: string | undefined // over exactly `signedSize` leaves
  #signedSize: number
  #syncedSize: number
  #signedAt = Number.NEGATIVE_INFINITY
  #dirtySince: number | undefined // no later than the first commit that no synced checkpoint covers
  #question: Question | undefined

  /** @param keys.previous - set when it still signs this log, which has to be handed over to `keys.own` */
  constructor(
    origin: string,
    keys: { own: LogKey; previous?: LogKey | undefined },
    head: { size: number; frontier: Uint8Array[]; signedSize: number },
    now: number,
  ) {
    this.#origin = origin
    this.#handover = new Handover(keys.previous && keys.own)
    this.#key = keys.previous ?? keys.own
    this.#sign = checkpointSigner(origin, this.#key)
    this.#frontier = new Frontier(hasher, head.size, head.frontier)
    this.#signedSize = this.#syncedSize = head.signedSize
    if (head.size > head.signedSize) this.#dirtySince = now
  }

  /** Number of durable leaves. */
  get size(): number {
    return this.#frontier.size
  }

  /** Size of the newest checkpoint that the writer keeps. */
  get signedSize(): number {
    return this.#signedSize
  }

  /** Size of the newest checkpoint that survives a power cut. */
  get syncedSize(): number {
    return this.#syncedSize
  }

  /** The newest checkpoint signed in this process. */
  get note(): string | undefined {
    return this.#note
  }

  /**
   * Takes leaves in that are durable now.
   *
   * @param leafHashes - side by side
   * @param rotation - which of them is `audit.key_rotated`, if one is
   */
  grow(leafHashes: Uint8Array, now: number, rotation = -1): void {
    const border = (rotation + 1) * HASH_BYTES
    this.#frontier.appendAll(leafHashes.subarray(0, border))
    if (rotation >= 0) this.#handover.record(this.#frontier)
    this.#frontier.appendAll(leafHashes.subarray(border))
    this.#dirtySince ??= now
  }

  /** Milliseconds until a checkpoint is to be kept, 0 for now, undefined when none is in sight. */
  dueIn(now: number): number | undefined {
    if (this.#key.remote) return this.#question?.note === undefined ? undefined : 0
    if (this.#syncedSize === this.size) return undefined
    if (this.#handover.border !== undefined) return 0
    const sync = (this.#dirtySince ?? now) + SYNC_EVERY_MS - now
    const sign = this.#signedSize === this.size ? Number.POSITIVE_INFINITY : this.#signedAt + SIGN_EVERY_MS - now
    return Math.max(0, Math.min(sync, sign))
  }

  /** Milliseconds until a key in another place is to be asked, undefined when there is nothing to ask, or no such key. */
  askIn(now: number, hurry: boolean): number | undefined {
    const { remote } = this.#key
    if (!remote || this.#question || this.#syncedSize === this.size) return undefined
    // Half of what may stand unsigned is no time to be sparing.
    const much = 2 * (this.size - this.#syncedSize) >= remote.maxUnsignedRecords
    return hurry || much || this.#handover.border !== undefined
      ? 0
      : Math.max(0, this.#signedAt + remote.signEveryMs - now)
  }

  /**
   * Asks the key in another place to sign what is durable now; its checkpoint is due afterwards.
   *
   * @throws what the key throws; then it may be asked again
   */
  async ask(now: number): Promise<void> {
    const { size, root } = this.#next()
    const question: Question = { size, askedAt: now, note: undefined }
    this.#question = question
    try {
      question.note = await this.#sign(size, root)
    } catch (error) {
      this.#question = undefined
      throw error
    }
  }

  /**
   * The checkpoint to keep now.
   *
   * @throws what the key throws
   */
  next(now: number, mustSync: boolean): DueCheckpoint {
    if (this.#question?.note !== undefined) return { size: this.#question.size, note: this.#question.note, sync: true }
    const { size, root } = this.#next()
    const note = this.#note !== undefined && this.#signedSize === size ? this.#note : asText(this.#sign(size, root))
    const hands = this.#handover.border !== undefined
    return { size, note, sync: hands || mustSync || now - (this.#dirtySince ?? now) >= SYNC_EVERY_MS }
  }

  /** The writer has kept it. */
  kept({ size, note, sync }: DueCheckpoint, now: number): void {
    this.#note = note
    this.#signedSize = size
    this.#signedAt = this.#question?.askedAt ?? now
    if (sync) {
      this.#syncedSize = size
      // What came while a key in another place was asked came after the question; what stands behind a border, before it.
      if (size === this.size) this.#dirtySince = undefined
      else if (this.#handover.border === undefined) this.#dirtySince = this.#signedAt
    }
    this.#question = undefined
    this.#handover.kept(size)
  }

  /** The key that signs once the writer has it beside the others; undefined when no handover has come so far. */
  get successor(): LogKey | undefined {
    return this.#handover.successor
  }

  /** The writer has the next key: from here on it alone signs. */
  handedOver(): void {
    this.#key = this.#handover.successor!
    this.#sign = checkpointSigner(this.#origin, this.#key)
    this.#signedAt = Number.NEGATIVE_INFINITY
    this.#handover.done()
  }

  /** Everything durable is covered by a synced checkpoint: finishSync has seen to it. */
  keptAll(): void {
    this.#signedSize = this.#syncedSize = this.size
    this.#note = undefined
    this.#dirtySince = undefined
  }

  /** True when so much stands without a signature that nothing may be added before one comes. */
  isOverdue(now: number): boolean {
    return this.unsignedRoom === 0 || this.overdueIn(now) === 0
  }

  /** How many more leaves may be added without a signature. */
  get unsignedRoom(): number {
    const { remote } = this.#key
    return remote ? Math.max(0, remote.maxUnsignedRecords - (this.size - this.#syncedSize)) : Number.POSITIVE_INFINITY
  }

  /** Milliseconds until the oldest leaf without a signature is too old; undefined when there is no such leaf or limit. */
  overdueIn(now: number): number | undefined {
    const { remote } = this.#key
    if (!remote || this.#syncedSize === this.size || this.#dirtySince === undefined) return undefined
    return Math.max(0, this.#dirtySince + remote.maxUnsignedMs - now)
  }

  /**
   * Signs for a size that grows past `size` by leaves that are not taken in yet; for the last moments of a process.
   *
   * @returns undefined when nobody can sign in this moment: the key is in another place, or being replaced
   */
  signAhead(leafHashes: Uint8Array): ((size: number) => string) | undefined {
    if (this.#key.remote || this.#handover.isUnderWay) return undefined
    const frontier = this.#frontier.clone()
    const from = this.size
    return (size) => {
      frontier.appendAll(leafHashes.subarray((frontier.size - from) * HASH_BYTES, (size - from) * HASH_BYTES))
      return asText(this.#sign(size, frontier.root()))
    }
  }

  #next(): { size: number; root: Uint8Array } {
    return this.#handover.border ?? { size: this.size, root: this.#frontier.root() }
  }
}

function asText(note: string | Promise<string>): string {
  if (typeof note === 'string') return note
  note.catch(() => {}) // its owner is told below
  throw new Error('a key that answers later must say so with "remote"')
}
