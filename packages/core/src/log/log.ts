// The log of this process: the only truth, told in the order of a line's life.
//
//   append ─► queue ─► batch (seq, line, leaf hash) ─► write + fdatasync ─► receipts ─► checkpoint (sign, sync)
//               ▲                                          │ failed: nothing leaves the queue,
//               └────────── same lines, fresh file ────────┘ back-off 50 ms … 2 s
//
// One call to the writer at a time. Lines that arrive meanwhile go out together with the next one (group commit).
// What survives a power cut: every line whose `settled` got a receipt. What a checkpoint covers is durable before it is signed.
import type { TrailproofError } from '../errors.js'
import type { Head, Lease, OpenLog } from '../writers/writer.js'
import { BATCH_LIMITS, type FormedBatch, formBatch, LAST_WORDS_LIMITS } from './batch.js'
import { Checkpointer } from './checkpointer.js'
import type { LogKey } from './crypto.js'
import { type Entry, keepBody } from './entry.js'
import { KeyWaits } from './key-waits.js'
import {
  asCheckpointError,
  asTrailproofError,
  closedError,
  endedBefore,
  endedBeforeKeys,
  timeoutError,
} from './log-errors.js'
import { type Item, Queue, type QueueLimits, settle } from './queue.js'
import { systemTimers, type Timers } from './timers.js'
import { Trouble } from './trouble.js'

export type { LogKey } from './crypto.js'
export type { Entry, Receipt } from './entry.js'
export type { QueueLimits } from './queue.js'
export { systemTimers, type Timers } from './timers.js'

export interface LogOptions {
  lease: Lease
  service: string
  key: LogKey
  limits: QueueLimits
  /** A call to the writer that takes longer makes the log `stalled` until it returns. */
  stalledAfterMs: number
  /** The log's own first words, put before everything that was queued while it opened. */
  preamble(head: Head): Entry[]
  onState?(state: LogState, error?: TrailproofError): void
  timers?: Timers
  /** Where entries come from besides `append`. */
  source?: EntrySource
  /** Makes the origin of a new log unique. */
  randomId(): string
}

/** Entries that somebody else queues, asked for before each step. */
export interface EntrySource {
  /** Appends what has come. */
  take(): void
  /** Nothing is left to do. @returns false when something has come meanwhile */
  rest(): boolean
  /** So many appended entries must be durable before anything is signed. */
  readonly signAfter: number
}

/** `failing`: the last attempt failed and will be repeated; `stalled`: an attempt has not returned for too long. */
export type LogState = 'opening' | 'writing' | 'failing' | 'stalled' | 'closed'

export interface LogHealth {
  state: LogState
  /** Where the log is written: in a thread of its own, or in the application's. */
  thread: 'worker' | 'main'
  /** Undefined until the log was opened. */
  origin: string | undefined
  /** Durable leaves. */
  size: number
  /** Leaves that the newest checkpoint covers. */
  signedSize: number
  queuedRecords: number
  queuedBytes: number
  /** The last thing that went wrong, also when all is well again. */
  lastError?: TrailproofError
}

/** Number of the log's own first words in the queue. */
const FIRST_WORDS = 0

/** While closing, an operation that fails this often in a row is given up. */
export const ATTEMPTS_WHEN_CLOSING = 5

/** Someone who waits until entries up to number `position` are durable, or covered by a synced checkpoint. */
interface Waiter {
  position: number
  checkpoint: boolean
  resolve(): void
  reject(error: TrailproofError): void
}

export class Log {
  /**
   * What was found on opening. Rejects when the first attempt to open fails; the log goes on trying (state `failing`)
   * and keeps what is appended.
   */
  readonly ready: Promise<Head>

  readonly #options: LogOptions
  readonly #timers: Timers
  readonly #queue: Queue
  readonly #opening: Trouble
  readonly #appending: Trouble
  readonly #signing: Trouble
  readonly #keys: KeyWaits
  #log: OpenLog | undefined
  #checkpointer: Checkpointer | undefined
  #readySettle!: { resolve(head: Head): void; reject(error: TrailproofError): void }
  #awaitingCheckpoint: { item: Item; index: number; leafHash: string }[] = []
  #waiters: Waiter[] = []
  #accepted = 0 // entries ever appended
  #inFlight: FormedBatch | undefined
  #working = false
  #woken = false
  #stalled = false
  #givenUp: TrailproofError | undefined // set while closing, acted on between two operations
  #unready = false // lines were given up at the end
  #wordless = false // the log's own first words were among them
  #over = false // finishSync or close has had the last word
  #closing: Promise<void> | undefined
  #closeSettle: { resolve(): void; reject(error: unknown): void } | undefined
  #checkpointTimer: { cancel(): void } | undefined
  #state: LogState = 'opening'
  #lastError: TrailproofError | undefined

  /** Takes the lease over and begins to open it; returns at once. */
  constructor(options: LogOptions) {
    this.#options = options
    this.#timers = options.timers ?? systemTimers
    this.#queue = new Queue(options.limits)
    const wake = () => this.#wake()
    this.#opening = new Trouble(this.#timers, wake)
    this.#appending = new Trouble(this.#timers, wake)
    this.#signing = new Trouble(this.#timers, wake)
    this.#keys = new KeyWaits(this.#timers, {
      ready: wake,
      failed: (trouble, error) => this.#failed(trouble, error),
      changed: () => this.#updateState(),
    })
    this.ready = new Promise((resolve, reject) => {
      this.#readySettle = { resolve, reject }
    })
    this.ready.catch(() => {}) // whoever awaits it sees the error; nobody has to
    this.#wake()
  }

  get state(): LogState {
    return this.#state
  }

  /** Undefined until the log was opened. */
  get origin(): string | undefined {
    return this.#log?.origin
  }

  /** Durable leaves. */
  get size(): number {
    return this.#checkpointer?.size ?? 0
  }

  /** Leaves that the newest checkpoint covers. */
  get signedSize(): number {
    return this.#checkpointer?.signedSize ?? 0
  }

  /** The newest checkpoint signed by this process; its size is durable. */
  get checkpointNote(): string | undefined {
    return this.#checkpointer?.note
  }

  /**
   * Takes an entry in; its `settled` will be called exactly once.
   *
   * @returns false: the queue is full, nothing was kept and `settled` is not called
   */
  append(entry: Entry): boolean {
    if (this.#closing || this.#over) {
      queueMicrotask(() => settle({ entry }, closedError(), undefined))
      return true
    }
    keepBody(entry)
    const item = this.#queue.push(entry, this.#accepted + 1)
    if (!item) return false
    this.#accepted++
    this.#keys.start(item)
    if (item.ready) this.#wake()
    return true
  }

  /** Resolves once everything appended so far is durable (or was refused by name). */
  flush(): Promise<void> {
    return this.#wait(false)
  }

  /** Resolves once a checkpoint that survives a power cut covers everything appended so far. */
  checkpoint(): Promise<void> {
    return this.#wait(true)
  }

  /**
   * Writes what is queued, signs, closes and gives the slot up. Later appends settle with TRAILPROOF_CLOSED.
   *
   * @throws TRAILPROOF_WRITE_FAILED five attempts failed; each entry left has been settled with that error
   */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = new Promise((resolve, reject) => {
        this.#closeSettle = { resolve, reject }
      })
      if (this.#over) this.#closeSettle!.resolve()
      for (const trouble of this.#troubles()) trouble.hurry()
      this.#wake()
    }
    return this.#closing
  }

  /**
   * For `process.on('exit')`: makes everything queued durable and signs it before it returns, also when a write is
   * under way. The log is closed afterwards. A system call that hangs cannot be interrupted, so it is not begun when
   * the log is known to be stalled.
   *
   * @returns false when something could not be written within `timeoutMs`, or waited for its keys
   */
  finishSync(timeoutMs: number): boolean {
    if (this.#over) return this.#queue.length === 0
    if (this.#stalled) return this.#finish(false, undefined)
    if (!this.#log && !this.#openSync()) return this.#finish(false, undefined)
    this.#giveUpUnready()
    const underWay = this.#inFlight
    const skip = underWay?.items.length ?? 0
    const last = formBatch(
      this.#queue,
      this.size + skip,
      { maxBytes: Number.POSITIVE_INFINITY, maxLines: Number.POSITIVE_INFINITY },
      (item, error) => this.#refuse(item, error),
      skip,
    )
    const checkpointer = this.#checkpointer!
    if (!underWay && !last && checkpointer.syncedSize === this.size) return this.#finish(true, undefined)
    const hashes = [...(underWay?.batch.leafHashes ?? []), ...(last?.batch.leafHashes ?? [])]
    const sign = this.#wordless ? leaveUnsigned : checkpointer.signAhead(hashes)
    const done = this.#log!.finishSync(last?.batch, sign, timeoutMs)
    return this.#finish(done, done ? [underWay, last] : undefined)
  }

  health(): LogHealth {
    return {
      state: this.#state,
      thread: 'main',
      origin: this.origin,
      size: this.size,
      signedSize: this.signedSize,
      queuedRecords: this.#queue.length,
      queuedBytes: this.#queue.bytes,
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  // ── the work, one step after the other ────────────────────────────────────────────────────────────────────────────

  #wake(): void {
    if (this.#woken || this.#working || this.#over) return
    this.#woken = true
    this.#timers.soon(() => {
      this.#woken = false
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    this.#checkpointTimer?.cancel()
    this.#checkpointTimer = undefined
    try {
      while (!this.#over && (await this.#step())) {}
    } finally {
      this.#working = false
    }
  }

  /** @returns false when there is nothing to do until the next wake */
  async #step(): Promise<boolean> {
    this.#options.source?.take()
    if (this.#givenUp) {
      this.#end(this.#givenUp)
    } else if (!this.#log) {
      if (this.#opening.waiting) return false
      await this.#open()
    } else if (!this.#signing.waiting && this.#checkpointDueIn() === 0) {
      await this.#keepCheckpoint()
    } else {
      const formed = this.#appending.waiting ? undefined : this.#form()
      if (formed) await this.#commit(formed)
      else if (this.#closing && !this.#queue.length && !this.#isDirty()) await this.#closeWriter()
      else return this.#rest()
    }
    return true
  }

  async #open(): Promise<void> {
    try {
      const log = await this.#options.lease.open(this.#openRequest())
      if (!this.#over && !this.#log) this.#adopt(log)
    } catch (cause) {
      if (this.#over) return
      const error = asTrailproofError(cause, 'the log could not be opened')
      this.#readySettle.reject(error)
      this.#failed(this.#opening, error)
    }
  }

  #adopt(log: OpenLog): void {
    this.#log = log
    this.#opening.succeeded()
    this.#checkpointer = new Checkpointer(log.origin, this.#options.key, log.head, this.#timers.now())
    const first = this.#queue.pushFirst(this.#options.preamble(log.head))
    for (const item of first) this.#keys.start(item)
    this.#updateState()
    this.#readySettle.resolve(log.head)
  }

  #form(): FormedBatch | undefined {
    // On a full disk the oldest lines may still find room where all of them do not.
    const limits = this.#appending.error?.['full'] === true ? LAST_WORDS_LIMITS : BATCH_LIMITS
    return formBatch(this.#queue, this.size, limits, (item, error) => this.#refuse(item, error))
  }

  async #commit(formed: FormedBatch): Promise<void> {
    this.#inFlight = formed
    const failure = await this.#watched(() => this.#log!.append(formed.batch)).then(() => undefined, asFailure)
    if (this.#over) return // finishSync has written and settled them
    this.#inFlight = undefined
    if (failure) {
      // Whether these lines are on disk is unknown. They stay first in the queue and are written again, elsewhere.
      this.#failed(this.#appending, asTrailproofError(failure.cause, 'the lines could not be written'))
    } else {
      // Durable from here on. A crash above leaves lines that nobody was told about; opening keeps or quarantines them.
      this.#committed(formed)
      this.#appending.succeeded()
    }
    this.#updateState()
    this.#answerWaiters()
  }

  #committed({ items, batch, leafHex }: FormedBatch): void {
    this.#checkpointer!.grow(batch.leafHashes, this.#timers.now())
    this.#queue.shift(items.length)
    items.forEach((item, i) => {
      const [index, leafHash] = [batch.first + i, leafHex[i]!]
      if (item.entry.wait === 'checkpointed') {
        this.#awaitingCheckpoint.push({ item, index, leafHash })
        this.#queue.hold(item.entry)
      } else settle(item, undefined, { origin: this.#log!.origin, index, leafHash })
    })
  }

  async #keepCheckpoint(): Promise<void> {
    try {
      const due = this.#checkpointer!.next(this.#timers.now(), this.#mustSync())
      await this.#watched(() => this.#log!.putCheckpoint(due.note, { size: due.size, sync: due.sync }))
      if (this.#over) return
      this.#checkpointer!.kept(due, this.#timers.now())
      this.#signing.succeeded()
      if (due.sync) this.#settleCheckpointed()
    } catch (cause) {
      if (!this.#over)
        this.#failed(this.#signing, asTrailproofError(cause, 'the checkpoint could not be kept', 'written'))
    } finally {
      this.#updateState()
    }
    this.#answerWaiters()
  }

  async #closeWriter(): Promise<void> {
    try {
      await this.#watched(() => this.#log!.close())
    } catch (cause) {
      this.#lastError = asTrailproofError(cause, 'the log could not be closed', 'written')
    }
    if (!this.#over) this.#end(undefined)
  }

  // ── when things are due ───────────────────────────────────────────────────────────────────────────────────────────

  #isDirty(): boolean {
    return this.#checkpointer!.syncedSize < this.size
  }

  /** Someone waits for a synced checkpoint over what is durable already. */
  #mustSync(): boolean {
    return (
      this.#awaitingCheckpoint.length > 0 ||
      this.#waiters.some((waiter) => waiter.checkpoint && waiter.position <= this.#doneThrough()) ||
      (this.#closing !== undefined && this.#queue.length === 0)
    )
  }

  #checkpointDueIn(): number | undefined {
    // A tail that was found at opening is signed only together with the record about it, never before.
    if (this.#queue.at(0)?.number === FIRST_WORDS) return undefined
    if (this.#doneThrough() < (this.#options.source?.signAfter ?? 0)) return undefined
    const due = this.#checkpointer!.dueIn(this.#timers.now())
    return due !== undefined && this.#mustSync() ? 0 : due
  }

  #rest(): boolean {
    if (this.#options.source?.rest() === false) return true
    const due = this.#checkpointDueIn()
    if (due !== undefined && !this.#signing.waiting)
      this.#checkpointTimer = this.#timers.after(Math.ceil(due), () => this.#wake())
    return false
  }

  /** Number of the last entry that, with all before it, is durable or was refused. The queue is in order. */
  #doneThrough(): number {
    const oldest = this.#queue.at(0)
    return oldest ? oldest.number - 1 : this.#accepted
  }

  #wait(checkpoint: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over) return this.#queue.length ? reject(closedError()) : resolve()
      this.#waiters.push({ position: this.#accepted, checkpoint, resolve, reject })
      this.#answerWaiters()
      this.#wake()
    })
  }

  #answerWaiters(): void {
    const open = this.#checkpointer
    if (!open) return
    const done = this.#doneThrough()
    const synced = open.syncedSize === open.size
    this.#waiters = this.#waiters.filter((waiter) => {
      const over = done >= waiter.position && (!waiter.checkpoint || synced)
      if (over) waiter.resolve()
      return !over
    })
  }

  #settleCheckpointed(): void {
    const covered = this.#checkpointer!.syncedSize
    const waiting = this.#awaitingCheckpoint
    this.#awaitingCheckpoint = waiting.filter(({ index }) => index >= covered)
    for (const { item, index, leafHash } of waiting)
      if (index < covered) {
        this.#queue.letGo(item.entry)
        settle(item, undefined, { origin: this.#log!.origin, index, leafHash })
      }
  }

  // ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #troubles(): Trouble[] {
    return [this.#opening, this.#appending, this.#signing, this.#keys.trouble]
  }

  #failed(trouble: Trouble, error: TrailproofError): void {
    this.#lastError = error
    trouble.failed(error, this.#closing !== undefined)
    this.#updateState()
    if (this.#closing && trouble.attempts >= ATTEMPTS_WHEN_CLOSING) this.#givenUp = error
    if (this.#givenUp) this.#wake()
  }

  #refuse(item: Item, error: TrailproofError): void {
    settle(item, error, undefined)
  }

  async #watched<T>(call: () => Promise<T>): Promise<T> {
    const timer = this.#timers.after(this.#options.stalledAfterMs, () => {
      this.#stalled = true
      this.#lastError = timeoutError(this.#options.stalledAfterMs)
      this.#updateState()
    })
    try {
      return await call()
    } finally {
      timer.cancel()
      this.#stalled = false
    }
  }

  #updateState(): void {
    const trouble = this.#troubles().find(({ error }) => error)
    const state: LogState = this.#over
      ? 'closed'
      : this.#stalled
        ? 'stalled'
        : trouble
          ? 'failing'
          : this.#log
            ? 'writing'
            : 'opening'
    if (state === this.#state) return
    this.#state = state
    try {
      this.#options.onState?.(state, state === 'failing' || state === 'stalled' ? this.#lastError : undefined)
    } catch {}
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #openRequest() {
    const { service, key, randomId } = this.#options
    return { newOrigin: (slot: string) => `${service}/${randomId()}/${slot}`, publicKey: key.publicKey }
  }

  #openSync(): boolean {
    try {
      const log = this.#options.lease.openSync?.(this.#openRequest())
      if (log) this.#adopt(log)
      return log !== undefined
    } catch (cause) {
      this.#lastError = asTrailproofError(cause, 'the log could not be opened')
      return false
    }
  }

  /** Lines whose keys are not durable cannot be written, and nothing will make them so before the process ends. */
  #giveUpUnready(): void {
    for (let i = 0, item = this.#queue.at(0); item; item = this.#queue.at(i)) {
      if (item.ready) i++
      else {
        this.#unready = true
        if (item.number === FIRST_WORDS) this.#wordless = true
        settle(this.#queue.remove(i), endedBeforeKeys(item.entry.event), undefined)
      }
    }
  }

  /** The last word of finishSync: settles what it wrote, then ends. */
  #finish(done: boolean, written: (FormedBatch | undefined)[] | undefined): boolean {
    for (const formed of written ?? []) if (formed) this.#committed(formed)
    if (written) this.#checkpointer!.keptAll()
    if (written) this.#settleCheckpointed()
    this.#inFlight = undefined
    const complete = done && !this.#unready && this.#queue.length === 0
    this.#end(complete ? undefined : (this.#lastError ?? endedBefore()))
    return complete
  }

  /** Nothing more will be written. Whoever still waits is told why, exactly once. */
  #end(error: TrailproofError | undefined): void {
    this.#over = true
    this.#checkpointTimer?.cancel()
    for (const trouble of this.#troubles()) trouble.succeeded()
    const left = error ?? closedError()
    for (const item of this.#queue.shift(this.#queue.length)) settle(item, left, undefined)
    for (const { item } of this.#awaitingCheckpoint) settle(item, asCheckpointError(left), undefined)
    this.#awaitingCheckpoint = []
    this.#answerWaiters()
    for (const waiter of this.#waiters) waiter.reject(left)
    this.#waiters = []
    this.#readySettle.reject(left)
    this.#options.lease.release()
    this.#updateState()
    if (error) this.#closeSettle?.reject(error)
    else this.#closeSettle?.resolve()
  }
}

/** The next opening finds the tail once more, and its record is written then. */
function leaveUnsigned(): never {
  throw new Error('the record about the recovered tail was not written')
}

const asFailure = (cause: unknown) => ({ cause })
