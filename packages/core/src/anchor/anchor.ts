// A place elsewhere that keeps checkpoints: what it has seen, nobody who holds disk and key here can take back. An anchor
// counts only under credentials that neither the application nor the log store hold (DESIGN section 5).

/** A signed checkpoint of a log, synced: what it covers survives a power cut. */
export interface AnchorCheckpoint {
  origin: string
  size: number
  /** RFC 6962 root, 32 bytes. */
  root: Uint8Array
  /** The signed note, verbatim (C2SP tlog-checkpoint). */
  note: string
}

/** What an anchor gave back. */
export interface AnchorReceipt {
  /**
   * Kept below `<log folder>/anchors/`: convenience copies, which whoever owns the folder can delete. Those that have the
   * checkpoint's size in their name, as 20 digits behind a `-`, are thinned out when there are many.
   */
  files: { name: string; bytes: Uint8Array }[]
  /** When the anchor says it has seen the checkpoint, by its own clock. */
  time?: Date
}

export interface Anchor {
  /** `folder`, `http`, `rfc3161`, …; shown by `health()` and in `audit.started`. */
  readonly kind: string
  /** `[a-z0-9-]+`, unique within an audit; names its files. */
  readonly name: string
  /**
   * Makes the checkpoint known. Called for one checkpoint at a time, with growing sizes; those in between are skipped.
   * Publishing the same one twice is no error.
   *
   * @param prove - RFC 6962 consistency proof from a smaller size to this checkpoint's, for anchors that ask for it
   * @param signal - aborts when the time limit is over
   * @throws TRAILPROOF_ANCHOR_FAILED it could not be published; it is tried again
   * @throws TRAILPROOF_ANCHOR_CONFLICT the anchor knows a larger tree, or another one of this size, under the same origin
   */
  publish(
    checkpoint: AnchorCheckpoint,
    prove: (oldSize: number) => Promise<Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<AnchorReceipt>
  /**
   * The newest checkpoint note of this origin that is known there; undefined when it knows none. Asked once, before a log
   * is opened: a larger one than the log has proves a rollback.
   */
  latest?(origin: string, signal: AbortSignal): Promise<string | undefined>
}

/** How one anchor is doing. */
export interface AnchorHealth {
  name: string
  kind: string
  /** Newest size that the anchor is known to have, and when it took it; absent when it has none. */
  size?: number
  time?: string
  /** Durable records above that size, and for how long at most there have been any. */
  unanchoredRecords: number
  unanchoredSeconds: number
  /** Since when every attempt has failed, and why the last one did. */
  failingSince?: string
  error?: { code: string; message: string }
  /** Set when the anchor could not be asked at the start whether it knows a larger log. */
  warning?: string
}
