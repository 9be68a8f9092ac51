// One anchor of a running log: the newest synced checkpoint goes there, one call at a time. Nothing waits for it.
//
//   wait ─► newest checkpoint ─► publish ─► keep receipts ─► wait `everyMs`
//     ▲                             │ failed: 1 s, 2 s, 4 s … 60 s
//     └─────────────────────────────┘
import { isTrailproofError, TrailproofError } from '../errors.js'
import type { Timers } from '../log/timers.js'
import type { Evidence } from '../writers/writer.js'
import type { Anchor, AnchorCheckpoint, AnchorHealth, AnchorReceipt } from './anchor.js'
import { conflict, contradiction } from './contradiction.js'
import { limited } from './limited.js'
import { type OwnLog, ownCheckpoint } from './own-checkpoint.js'

const PUBLISH_MS = 15_000
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
/** How often a running log asks an anchor what it knows. */
const ASK_EVERY_MS = 60_000
const MAX_RECEIPTS = 16
const MAX_RECEIPT_BYTES = 1024 * 1024

export interface LaneOptions {
  anchor: Anchor
  everyMs: number
  timers: Timers
  /** Wall clock, milliseconds. */
  wall(): number
  /** Told when an anchor begins to fail, and when it works again. */
  changed(lane: Lane, error: TrailproofError | undefined): void
  /** Told that the anchor has a checkpoint of the log's own key that the log does not contain. */
  contradicted(lane: Lane, note: string): void
}

export class Lane {
  readonly anchor: Anchor
  /** Why the anchor could not be asked at the start. */
  warning: string | undefined
  readonly #options: LaneOptions
  #log: { own: OwnLog; evidence: Evidence } | undefined
  #anchored: { size: number; time: number | undefined } | undefined
  #current: number // since when, by the monotonic clock, everything up to #anchored has been all there is
  #failing: { since: number; from: number; attempts: number; error: TrailproofError } | undefined
  #askedAt = 0
  #attempt: Promise<void> | undefined
  #hanging = false // a call was given up and has not returned
  #timer: { cancel(): void } | undefined
  #closed = false

  constructor(options: LaneOptions) {
    this.anchor = options.anchor
    this.#options = options
    this.#current = options.timers.now()
  }

  /** What the anchor had when it was asked at the start. */
  known({ size }: AnchorCheckpoint): void {
    this.#anchored = { size, time: undefined }
  }

  /** Publishes this log from now on, and no longer the one before it. */
  begin(own: OwnLog, evidence: Evidence): void {
    if (this.#log) this.#anchored = undefined
    this.#log = { own, evidence }
    this.#askedAt = this.#options.timers.now()
    this.#timer?.cancel()
    if (!this.#closed) this.#wait(0)
  }

  /** One last attempt, which takes up to `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    const { timers } = this.#options
    const until = timers.now() + limitMs
    const last = async () => {
      await this.#attempt
      if (this.#log && timers.now() < until) await this.#try(until - timers.now())
    }
    await limited(last, limitMs, timers).catch(() => {}) // health() says what has come of it
  }

  /** @param size durable records of the log */
  health(size: number): AnchorHealth {
    const { timers } = this.#options
    const { name, kind } = this.anchor
    const unanchoredRecords = Math.max(0, size - (this.#anchored?.size ?? 0))
    return {
      name,
      kind,
      ...(this.#anchored && { size: this.#anchored.size }),
      ...(this.#anchored?.time !== undefined && { time: new Date(this.#anchored.time).toISOString() }),
      unanchoredRecords,
      unanchoredSeconds: unanchoredRecords > 0 ? Math.round((timers.now() - this.#current) / 1000) : 0,
      ...(this.#failing && {
        failingSince: new Date(this.#failing.since).toISOString(),
        error: { code: this.#failing.error.code, message: this.#failing.error.message },
      }),
      ...(this.warning !== undefined && { warning: this.warning }),
    }
  }

  /** What makes health red: a contradiction at once, a failure when it has lasted longer than `afterMs`. */
  trouble(afterMs: number): TrailproofError | undefined {
    if (!this.#failing) return undefined
    const { error, from } = this.#failing
    const lasting = this.#options.timers.now() - from > afterMs
    return lasting || error.code === 'TRAILPROOF_ANCHOR_CONFLICT' ? error : undefined
  }

  #wait(ms: number): void {
    const log = this.#log
    this.#timer = this.#options.timers.after(ms, () => {
      void this.#try(PUBLISH_MS).then(() => {
        if (log !== this.#log) return
        const { everyMs } = this.#options
        const attempts = this.#failing?.attempts ?? 0
        const wait = attempts ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1)) : everyMs
        if (!this.#closed) this.#wait(wait)
      })
    })
  }

  #try(limitMs: number): Promise<void> {
    const attempt = (signal: AbortSignal) => this.#publishNewest(signal)
    this.#attempt = (
      this.#hanging
        ? Promise.reject(new TrailproofError('TRAILPROOF_ANCHOR_FAILED', 'an earlier attempt has not come back yet'))
        : limited(attempt, limitMs, this.#options.timers, (call) => this.#leave(call))
    ).then(
      () => this.#succeeded(),
      (cause) => this.#failed(asAnchorError(cause)),
    )
    return this.#attempt
  }

  async #publishNewest(signal: AbortSignal): Promise<void> {
    try {
      await this.#publish(signal)
    } catch (error) {
      if (isTrailproofError(error, 'TRAILPROOF_ANCHOR_CONFLICT')) await this.#compare(signal)
      throw error
    }
    const { timers } = this.#options
    if (timers.now() - this.#askedAt < ASK_EVERY_MS) return
    this.#askedAt = timers.now()
    if (await this.#compare(signal)) throw conflict('the anchor knows a checkpoint that this log does not contain')
  }

  /** What the anchor knows, held against the log; an anchor that cannot be asked contradicts nothing. */
  async #compare(signal: AbortSignal): Promise<boolean> {
    const log = this.#log!
    const note = await contradiction(this.anchor, log.own, log.evidence, signal).catch(() => undefined)
    if (note === undefined || this.#log !== log || signal.aborted) return false
    this.#options.contradicted(this, note)
    return true
  }

  async #publish(signal: AbortSignal): Promise<void> {
    const log = this.#log!
    const { own, evidence } = log
    const { timers, wall } = this.#options
    const begun = timers.now()
    const note = await evidence.checkpoint(own.origin)
    if (note === undefined) return
    const checkpoint = ownCheckpoint(own, note)
    if (!checkpoint) throw conflict('the newest checkpoint of the log was not signed by it')
    const before = this.#anchored?.size ?? 0
    if (checkpoint.size < before)
      throw conflict(`the log has ${checkpoint.size} signed records, the anchor knows ${before}`)
    if (checkpoint.size > before || this.#anchored?.time === undefined) {
      const prove = (oldSize: number) => evidence.prove(own.origin, oldSize, checkpoint.size)
      const receipt = await this.anchor.publish(checkpoint, prove, signal)
      for (const { name, bytes } of receiptFiles(receipt)) await evidence.keep(own.origin, name, bytes)
      if (this.#log !== log) return
      this.#anchored = { size: checkpoint.size, time: receipt.time?.getTime() ?? wall() }
    }
    this.#current = begun
  }

  #leave(call: Promise<unknown>): void {
    this.#hanging = true
    const back = () => {
      this.#hanging = false
    }
    call.then(back, back)
  }

  #succeeded(): void {
    if (!this.#failing) return
    this.#failing = undefined
    this.#options.changed(this, undefined)
  }

  #failed(error: TrailproofError): void {
    const { timers, wall, changed } = this.#options
    const before = this.#failing
    this.#failing = {
      since: before?.since ?? wall(),
      from: before?.from ?? timers.now(),
      attempts: (before?.attempts ?? 0) + 1,
      error,
    }
    if (before?.error.code !== error.code) changed(this, error)
  }
}

/** Names come from an anchor, which may have them from the network: none may leave the folder or fill it. */
function receiptFiles({ files }: AnchorReceipt): AnchorReceipt['files'] {
  const fit = ({ name, bytes }: AnchorReceipt['files'][0]) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name) && bytes.length <= MAX_RECEIPT_BYTES
  if (files.length <= MAX_RECEIPTS && files.every(fit)) return files
  throw new TrailproofError('TRAILPROOF_ANCHOR_FAILED', 'the anchor gave receipts that cannot be kept', {
    hint: 'at most 16 files of 1 MiB, with plain names',
  })
}

function asAnchorError(cause: unknown): TrailproofError {
  if (cause instanceof TrailproofError) return cause
  const reason = cause instanceof Error ? cause.message : 'an unknown error'
  return new TrailproofError('TRAILPROOF_ANCHOR_FAILED', `the anchor could not be reached: ${reason}`, { cause })
}
