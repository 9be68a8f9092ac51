// What a place that keeps a log must be able to do. The log decides order, hashes and signatures;
// a writer only keeps bytes, and says truthfully when they can survive a power cut.

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
  /** Gives the slot up and closes what is still open; safe to call twice. */
  release(): void
}

export interface OpenRequest {
  /** Origin for a log that has to be created: `<service>/<random id>/<slot>`. */
  newOrigin(slot: string): string
  /** Public key, 32 bytes Ed25519, that signs checkpoints of every origin of this service. */
  publicKey: Uint8Array
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
   * @param batch.bytes the lines, concatenated
   * @param batch.leafHashes one 32-byte RFC 6962 leaf hash for each line
   */
  append(batch: Batch): Promise<void>
  /**
   * Keeps a signed checkpoint. The log only ever passes sizes that `append` has made durable.
   *
   * @param options.sync true: resolve once the checkpoint itself can survive a power cut
   */
  putCheckpoint(note: string, options: { size: number; sync: boolean }): Promise<void>
  /**
   * Blocks until `batch` (and anything still under way) is durable and `note` is kept; for `process.on('exit')` only.
   *
   * @returns false when it could not be done within `timeoutMs`
   */
  finishSync(batch: Batch | undefined, sign: (size: number) => string, timeoutMs: number): boolean
  /** Everything durable, files closed. The lease stays until `release`. */
  close(): Promise<void>
}

export interface Batch {
  first: number
  bytes: Uint8Array
  leafHashes: Uint8Array[]
}

export interface Head {
  /** Number of leaves. */
  size: number
  /** Roots of the perfect subtrees of `size`, left to right (a compact range; RFC 6962 section 2.1). */
  frontier: Uint8Array[]
  /** Size of the newest checkpoint that verified; 0 when there was none. */
  signedSize: number
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
    /** What of it was wrong: `key` is `log.vkey` or the key in it, `slot` that it was made for another one. */
    kind: 'checkpoint' | 'records' | 'key' | 'slot'
    /** What was wrong with it, in words without secrets. */
    problem: string
    index?: number
  }
}
