// What this package expects of an anchor: the shape that core gives to `anchors`. Declared here as it is used.

/** A signed checkpoint of a log, synced: what it covers survives a power cut. */
export interface AnchorCheckpoint {
  origin: string
  size: number
  /** RFC 6962 root, 32 bytes. */
  root: Uint8Array
  /** The signed note, verbatim (C2SP tlog-checkpoint). */
  note: string
}

/** RFC 6962 consistency proof from a smaller size, at least 1, to the checkpoint's. */
export type Prove = (oldSize: number) => Promise<Uint8Array[]>

export interface Anchor {
  readonly kind: string
  /** `[a-z0-9-]+`; names its files. */
  readonly name: string
  publish(
    checkpoint: AnchorCheckpoint,
    prove: Prove,
    signal: AbortSignal,
  ): Promise<{ files: { name: string; bytes: Uint8Array }[]; time?: Date }>
  latest?(origin: string, signal: AbortSignal): Promise<string | undefined>
}
