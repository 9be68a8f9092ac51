// When checkpoints are signed and synced, and over what: only ever over leaves that are durable.
import { Frontier } from '@trailproof/tlog'
import { checkpointSigner, hasher, type LogKey } from './crypto.js'

/** A checkpoint is signed right after a commit, at most this often. */
const SIGN_EVERY_MS = 10
/** A synced checkpoint is at most this far behind the first commit it does not cover. */
const SYNC_EVERY_MS = 1000

export interface DueCheckpoint {
  size: number
  note: string
  sync: boolean
}

export class Checkpointer {
  readonly #sign: (size: number, root: Uint8Array) => string
  /** Over durable leaves only; `grow` is called after a commit and nowhere else. */
  readonly #frontier: Frontier
  #note: string | undefined // over exactly `signedSize` leaves
  #signedSize: number
  #syncedSize: number
  #signedAt = Number.NEGATIVE_INFINITY
  #dirtySince: number | undefined // time of the first commit that no synced checkpoint covers

  constructor(
    origin: string,
    key: LogKey,
    head: { size: number; frontier: Uint8Array[]; signedSize: number },
    now: number,
  ) {
    this.#sign = checkpointSigner(origin, key)
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

  /** Takes leaves in that are durable now. */
  grow(leafHashes: readonly Uint8Array[], now: number): void {
    for (const hash of leafHashes) this.#frontier.append(hash)
    this.#dirtySince ??= now
  }

  /** Milliseconds until a checkpoint is due, 0 for now, undefined when every leaf is covered by a synced one. */
  dueIn(now: number): number | undefined {
    if (this.#syncedSize === this.size) return undefined
    const sync = (this.#dirtySince ?? now) + SYNC_EVERY_MS - now
    const sign = this.#signedSize === this.size ? Number.POSITIVE_INFINITY : this.#signedAt + SIGN_EVERY_MS - now
    return Math.max(0, Math.min(sync, sign))
  }

  /**
   * The checkpoint to keep now, over everything durable.
   *
   * @throws what the key throws
   */
  next(now: number, mustSync: boolean): DueCheckpoint {
    const note =
      this.#note !== undefined && this.#signedSize === this.size
        ? this.#note
        : this.#sign(this.size, this.#frontier.root())
    const sync = mustSync || now - (this.#dirtySince ?? now) >= SYNC_EVERY_MS
    return { size: this.size, note, sync }
  }

  /** The writer has kept it. */
  kept({ size, note, sync }: DueCheckpoint, now: number): void {
    this.#note = note
    this.#signedSize = size
    this.#signedAt = now
    if (!sync) return
    this.#syncedSize = size
    this.#dirtySince = undefined // appends wait for a checkpoint under way, so none came in between
  }

  /** Everything durable is covered by a synced checkpoint: finishSync has seen to it. */
  keptAll(): void {
    this.#signedSize = this.#syncedSize = this.size
    this.#note = undefined
    this.#dirtySince = undefined
  }

  /** Signs for a size that grows past `size` by leaves that are not taken in yet; for the last moments of a process. */
  signAhead(leafHashes: readonly Uint8Array[]): (size: number) => string {
    const frontier = this.#frontier.clone()
    const from = this.size
    return (size) => {
      while (frontier.size < size) frontier.append(leafHashes[frontier.size - from]!)
      return this.#sign(size, frontier.root())
    }
  }
}
