// What a place that keeps a log must be able to do. The log decides order, hashes and signatures;
// a writer only keeps bytes, and says truthfully when they can survive a power cut.
import type { Receipt } from '../log/entry.js'
import type { SharedFileLease } from './file/lease.js'

/** Keeps logs. One writer serves one process; every call to `lease` takes one slot. */
export interface Writer {
  /** `file`, `memory`, …; shown by `health()` and in `audit.started`. */
  readonly kind: string
  /** Settings worth recording in `audit.started`; never a secret. */
  describe(): Record<string, string | number | boolean>
  /**
   * Takes the lowest free slot of this service, synchronously, so that a wrong folder fails in `createAudit`.
   *
   * @throws TRAILPROOF_FOLDER_UNWRITABLE nothing was written
   */
  lease(service: string): Lease
  /**
   * What anchors need of the logs in a slot, beside the log that is being written: it never waits for that one, and that
   * one never for it. A writer whose logs cannot be anchored leaves it out.
   */
  evidence?(slot: string): Evidence
  /**
   * Removes the oldest records of a log of this writer, which this process holds. A writer that cannot leaves it out.
   *
   * @throws TRAILPROOF_NOT_PURGED a hold stands, or what is kept does not agree with itself; no line was removed
   */
  retain?(origin: string, request: RetainRequest): Promise<Retained>
}

/** Checkpoints, proofs and receipts of the logs in one slot. `origin` names which of them. */
export interface Evidence {
  /** The newest two logs of the slot, as their files name them; unverified. */
  origins(): Promise<string[]>
  /** The newest checkpoint that survives a power cut, verbatim; undefined when there is none yet. */
  checkpoint(origin: string): Promise<string | undefined>
  /** RFC 6962 consistency proof between two sizes that are signed; made from what is stored, so for the receiver to check. */
  prove(origin: string, from: number, to: number): Promise<Uint8Array[]>
  /** Keeps what an anchor gave back; durable once it resolves. Older ones may be thinned out. `name` is a plain file name. */
  keep(origin: string, name: string, bytes: Uint8Array): Promise<void>
}

/** The newest checkpoint of some log that an anchor knows; unverified. */
export interface Elsewhere {
  /** Name of the anchor. */
  anchor: string
  note: string
}

/** A slot that this process alone holds until it releases it or dies. */
export interface Lease {
  /** `<service>-<n>`, for people. */
  readonly slot: string
  /** Brings back what the slot holds, or creates a log; never changes a damaged one. */
  open(request: OpenRequest): Promise<OpenLog>
  /**
   * The same, blocking, for a process that ends before `open` is through; takes an `open` under way over, whose promise
   * then never settles. A writer that cannot block leaves it out, and what was queued by then is lost.
   */
  openSync?(request: OpenRequest): OpenLog
  /**
   * What another thread of this process needs to open the log in its stead (`joinLease`), while the slot stays taken
   * here; undefined when it has to be opened in this thread. A writer that is bound to its thread leaves it out.
   */
  share?(): SharedFileLease | undefined
  /** What anchors know of the log, for whoever opens it in the lease's stead; `heard` is what they have said so far. */
  elsewhere?: { asked(): Promise<readonly Elsewhere[]>; heard(): readonly Elsewhere[] }
  /**
   * The same slot, to be opened anew once the log that this lease has opened is closed: from now on `release` here closes
   * what is open and leaves the slot taken. A writer that cannot leaves it out, and its logs are frozen at the next start.
   */
  renew?(): Lease
  /** Gives the slot up and closes what is still open; safe to call twice. */
  release(): void
}

export interface OpenRequest {
  /** Origin for a log that has to be created: `<service>/<random id>/<slot>`. */
  newOrigin(slot: string): string
  /** Public key, 32 bytes Ed25519, that signs checkpoints of every origin of this service. */
  publicKey: Uint8Array
  /**
   * The key before it, while logs are handed over. Only what the caller brings is believed: a key that merely stands in the
   * log's folder would let whoever writes there choose it.
   */
  previousKey?: Uint8Array
  /** Milliseconds for which lines may honestly have stood without any checkpoint. Default: what a local key takes. */
  maxUnsignedMs?: number
  /**
   * What anchors know. A log that is behind its own checkpoint there, or contradicts it, was rolled back or forked: it
   * counts as damaged. Notes of other logs and keys say nothing.
   */
  elsewhere?: readonly Elsewhere[]
}

/** A log that can be appended to. Calls never overlap: the log awaits each one. */
export interface OpenLog {
  readonly origin: string
  /** Where the log can be read as files (names: file/layout.ts); absent where it is kept otherwise. */
  readonly folder?: string
  /** What was there when it was opened. */
  readonly head: Head
  /**
   * Appends whole lines, each ending in one `\n`, as leaves `first`, `first + 1`, …
   * Resolves once they can survive a power cut. Refuses a `first` that is not its own size.
   * After a rejection nothing may be assumed about these lines; the same call, with the same or more lines, may be made
   * again and goes to a fresh file. After an error with the fact `full: true` it may be made with fewer lines, too.
   *
   * Memory of a batch is the caller's again once `append` has settled.
   *
   * @param batch.bytes the lines, concatenated
   * @param batch.count number of lines
   * @param batch.leafHashes the 32-byte RFC 6962 leaf hashes of the lines, side by side
   */
  append(batch: Batch): Promise<void>
  /**
   * Keeps a signed checkpoint. The log only ever passes sizes that `append` has made durable.
   *
   * @param options.sync true: resolve once the checkpoint itself can survive a power cut
   */
  putCheckpoint(note: string, options: { size: number; sync: boolean }): Promise<void>
  /**
   * Keeps the public key that signs from here on beside those before it. Called once the checkpoint over
   * `audit.key_rotated` is synced; resolves once the key is durable. A writer that leaves it out cannot hand a log over.
   */
  addKey?(publicKey: Uint8Array): Promise<void>
  /**
   * Blocks until `batch` (and anything still under way) is durable and the note that `sign` makes is kept; for
   * `process.on('exit')` only.
   *
   * @param sign - undefined where nobody can sign in this moment: the lines stay without a checkpoint
   * @returns false when it could not be done within `timeoutMs`
   */
  finishSync(batch: Batch | undefined, sign: ((size: number) => string) | undefined, timeoutMs: number): boolean
  /** Everything durable, files closed. The lease stays until `release`. */
  close(): Promise<void>
}

export interface Batch {
  first: number
  count: number
  bytes: Uint8Array
  leafHashes: Uint8Array
}

export interface Head {
  /** Number of leaves. */
  size: number
  /** Roots of the perfect subtrees of `size`, left to right (a compact range; RFC 6962 section 2.1). */
  frontier: Uint8Array[]
  /** Size of the newest checkpoint that verified; 0 when there was none. */
  signedSize: number
  /** The key that the log began with, when it was handed over since. */
  firstKey?: Uint8Array
  /** Set when the previous key still signs this log: it has to be handed over to the key it was opened with. */
  previousKeySigns?: true
  /** Set when the last process left lines behind that no checkpoint covers, or a torn tail. */
  recovered?: {
    /** First and one past the last leaf that were kept without a signature over them. */
    from: number
    to: number
    /** Bytes that were no whole line, and where they went (a file name below `quarantine/`). */
    quarantinedBytes: number
    quarantine?: string
  }
  /** Set when the log found in this slot was damaged and left untouched, and this one was begun instead. */
  previous?: {
    origin: string
    /** The newest checkpoint of it that could be read, verbatim. */
    checkpoint?: string
    /**
     * What of it was wrong: `key` is `log.vkey` or the key in it, `slot` that it was made for another one, `rollback` that
     * an anchor knows a checkpoint of it that it does not contain.
     */
    kind: 'checkpoint' | 'records' | 'key' | 'slot' | 'rollback'
    /** What was wrong with it, in words without secrets. */
    problem: string
    index?: number
    /** For `rollback`: records that are signed here, and the anchor with the size and the checkpoint that it knows. */
    rollback?: { size: number; anchor: string; knownSize: number; knownCheckpoint: string }
  }
}

export interface RetainRequest {
  /** Records older than this may go, and no others. */
  olderThanDays: number
  /** Milliseconds since 1970. */
  now: number
  /** Who asked for it, for the record. */
  by: string
  /** Only leaves below this one: what an anchor vouches for. Default: no anchor is asked. */
  anchoredSize?: number | undefined
  /**
   * Puts the record `audit.retention_purged` into the log; resolves once a synced checkpoint covers it.
   * Left out: nothing is changed, and the answer says what would be.
   */
  record?: ((data: Record<string, unknown>) => Promise<Receipt>) | undefined
}

export interface Retained {
  /** Records that were removed, or would be: leaves `from` up to and without `to`; undefined when none is old enough. */
  purged: { from: number; to: number; segments: number; bytes: number; newest: string } | undefined
  /** Segments of earlier runs that were cut off before they had removed them. */
  resumed: number
}
