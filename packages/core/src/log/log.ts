// The log of this process: the only truth, told in the order of a line's life.
//
//   append ─► queue ─► batch (seq, line, leaf hash) ─► write + fdatasync ─► receipts ─► checkpoint (sign, sync)
//               ▲                                          │ failed: nothing leaves the queue,
//               └────────── same lines, fresh file ────────┘ back-off 50 ms … 2 s
//
// One call to the writer at a time. Lines that arrive meanwhile go out together with the next one (group commit).
// What survives a power cut: every line whose `settled` got a receipt. What a checkpoint covers is durable before it is signed.
import type { TrailproofError } from '../errors.js'
import type { Batch, Head, Lease, OpenLog } from '../writers/writer.js'
import { BATCH_LIMITS, type BatchLimits, type FormedBatch, formBatch, LAST_WORDS_LIMITS, leafHashOf } from './batch.js'
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
  /** The key before it, for the openings at which logs are handed over. */
  previousKey?: LogKey | undefined
  limits: QueueLimits
  /** A call to the writer that takes longer makes the log `stalled` until it returns. */
  stalledAfterMs: number
  /** The log's own first words, put before everything that was queued while it opened. */
  preamble(head: Head, origin: string): Entry[]
  onState?(state: LogState, error?: TrailproofError): void
  timers?: Timers
  /** Where lines come from instead of `append`. */
  source?: LineSource
  /** Makes the origin of a new log unique. */
  randomId(): string
}

/** Lines that somebody else queues and numbers, instead of `append`. */
export interface LineSource {
  /** Lines that ever came. */
  readonly come: number
  /** Of those, from the first on, how many are durable. */
  readonly durable: number
  /** So many of them must be durable before anything is signed. */
  readonly signAfter: number
  /** The oldest lines that are not durable; undefined when none are, or they may wait. The same lines after a failure. */
  form(first: number, limits: BatchLimits): Batch | undefined
  /** The batch that was formed last is durable. */
  committed(batch: Batch): void
  /**
   * There is nothing to do, for `ms` milliseconds at least.
   *
   * @returns false when there is now; true: somebody will call `nudge`
   */
  rest(ms: number): boolean
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
  /** Set when the key is in another place: it signs this often, unless somebody waits. */
  signEveryMs?: number
  /** Set while a key in another place does not sign: records are durable, and no signature covers the newest. */
  signerError?: TrailproofError
  /** The last thing that went wrong, also when all is well again. */
  lastError?: TrailproofError
}

/** Number of the log's own first words in the queue. */
const FIRST_WORDS = 0

/** While closing, an operation that fails this often in a row is given up. */
export const ATTEMPTS_WHEN_CLOSING = 5
/** The same for a key in another place, each of whose failures may take as long as its time limit. */
const QUESTIONS_WHEN_CLOSING = 2

/** Someone who waits until entries up to number `position` are durable, or covered by a synced checkpoint. */
interface Waiter {
  position: number
  checkpoint: boolean
  /** Leaves that a checkpoint has to cover, once it is known. */
  size?: number
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
  /** A key in another place that does not answer. Nothing stops for it before too much stands unsigned. */
  readonly #asking: Trouble
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
    this.#asking = new Trouble(this.#timers, wake)
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

  /** Where it can be read as files, once it is open. */
  get folder(): string | undefined {
    return this.#log?.folder
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

  /** The source has more, or allows more, than when it was asked last. */
  nudge(): void {
    this.#wake()
  }

  /** Tries what failed again at once. */
  hurry(): void {
    for (const trouble of [...this.#troubles(), this.#asking]) trouble.hurry()
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
      this.hurry()
      this.#wake()
    }
    return this.#closing
  }

  /**
   * For `process.on('exit')`: makes everything queued durable and signs it before it returns, also when a write is
   * under way. A key in another place cannot be asked any more: then the end stays unsigned, and the next opening finds
   * it. The log is closed afterwards. A system call that hangs cannot be interrupted, so it is not begun when
   * the log is known to be stalled.
   *
   * @returns false when something could not be written within `timeoutMs`, or waited for its keys
   */
  finishSync(timeoutMs: number): boolean {
    if (this.#over) return this.#queue.length === 0
    if (this.#stalled) return this.#finish(false, undefined)
    if (!this.#log && !this.#openSync()) return this.#finish(false, undefined)
    this.#giveUpUnready()
    const checkpointer = this.#checkpointer!
    if (checkpointer.isOverdue(this.#timers.now())) return this.#finish(this.#queue.length === 0, undefined)
    const underWay = this.#inFlight
    const skip = underWay?.items.length ?? 0
    const last = formBatch(
      this.#queue,
      this.size + skip,
      { maxBytes: Number.POSITIVE_INFINITY, maxLines: Number.POSITIVE_INFINITY },
      (item, error) => this.#refuse(item, error),
      skip,
    )
    if (!underWay && !last && checkpointer.syncedSize === this.size) return this.#finish(true, undefined)
    const hashes = Buffer.concat([underWay, last].flatMap((formed) => formed?.batch.leafHashes ?? []))
    const sign = this.#wordless ? leaveUnsigned : checkpointer.signAhead(hashes)
    const done = this.#log!.finishSync(last?.batch, sign, timeoutMs)
    return this.#finish(done, done ? [underWay, last] : undefined, sign !== undefined)
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
      ...(this.#options.key.remote && { signEveryMs: this.#options.key.remote.signEveryMs }),
      ...(this.#asking.error && { signerError: this.#asking.error }),
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  // ── the work, one step after the other ────────────────────────────────────────────────────────────────────────────

  #wake(): void {
    if (this.#woken || this.#over) return
    this.#woken = true
    if (this.#working) return // the work looks again before it rests
    this.#timers.soon(() => {
      this.#woken = false
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    try {
      do {
        this.#woken = false
        this.#checkpointTimer?.cancel()
        this.#checkpointTimer = undefined
        while (!this.#over && (await this.#step())) {}
      } while (this.#woken && !this.#over)
    } finally {
      this.#working = false
      this.#woken = false
    }
  }

  /** @returns false when there is nothing to do until the next wake */
  async #step(): Promise<boolean> {
    if (this.#givenUp) {
      this.#end(this.#givenUp)
    } else if (!this.#log) {
      if (this.#opening.waiting) return false
      await this.#open()
    } else if (!this.#signing.waiting && this.#checkpointer!.successor) {
      await this.#keepKey()
    } else if (!this.#signing.waiting && this.#checkpointDueIn() === 0) {
      await this.#keepCheckpoint()
    } else if (this.#questionDueIn() === 0) {
      this.#ask()
    } else {
      const formed = this.#appending.waiting ? undefined : this.#form()
      if (formed) await this.#commit(formed)
      else if (this.#closing && !this.#isAnyLeft() && !this.#isDirty()) await this.#closeWriter()
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
    const previous = log.head.previousKeySigns && this.#options.previousKey
    this.#checkpointer = new Checkpointer(
      log.origin,
      { own: this.#options.key, previous: previous || undefined },
      log.head,
      this.#timers.now(),
    )
    const first = this.#queue.pushFirst(this.#options.preamble(log.head, log.origin))
    for (const item of first) this.#keys.start(item)
    this.#updateState()
    this.#readySettle.resolve(log.head)
  }

  #form(): FormedBatch | undefined {
    // On a full disk the oldest lines may still find room where all of them do not.
    const limits = this.#appending.error?.['full'] === true ? LAST_WORDS_LIMITS : BATCH_LIMITS
    const { source } = this.#options
    if (source) {
      const batch = source.form(this.size, limits)
      return batch && { batch, items: [] }
    }
    const checkpointer = this.#checkpointer!
    // What no signature can cover in time is not written: so a log never holds more of it than it says. Except the log's
    // own first words: what an opening found is signed together with the record about it, however much that is.
    const isFirst = this.#queue.at(0)?.number === FIRST_WORDS
    if (!isFirst && checkpointer.isOverdue(this.#timers.now())) return undefined
    const maxLines = isFirst ? limits.maxLines : Math.min(limits.maxLines, checkpointer.unsignedRoom)
    return formBatch(this.#queue, this.size, { ...limits, maxLines }, (item, error) => this.#refuse(item, error))
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

  #committed({ items, batch }: FormedBatch): void {
    const rotation = items.findIndex(({ entry }) => entry.rotatesKey)
    this.#checkpointer!.grow(batch.leafHashes, this.#timers.now(), rotation)
    this.#options.source?.committed(batch)
    this.#queue.shift(items.length)
    items.forEach((item, i) => {
      const [index, leafHash] = [batch.first + i, leafHashOf(batch, i)]
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

  /** Lets a key in another place sign, and goes on meanwhile. */
  #ask(): void {
    this.#checkpointer!.ask(this.#timers.now())
      .then(
        () => this.#asking.succeeded(),
        (cause) => {
          const error = asTrailproofError(cause, 'the signer could not be asked', 'written', 'TRAILPROOF_SIGNER_FAILED')
          if (!this.#over) this.#failed(this.#asking, error, QUESTIONS_WHEN_CLOSING)
        },
      )
      .finally(() => {
        this.#updateState()
        this.#timers.soon(() => this.#wake())
      })
  }

  /** The old key has signed for the last time. A crash above leaves the record under its checkpoint; opening goes on here. */
  async #keepKey(): Promise<void> {
    try {
      const { publicKey } = this.#checkpointer!.successor!
      await this.#watched(async () => this.#log!.addKey!(publicKey))
      if (this.#over) return
      this.#checkpointer!.handedOver()
      this.#signing.succeeded()
    } catch (cause) {
      if (!this.#over)
        this.#failed(this.#signing, asTrailproofError(cause, 'the next signing key could not be kept', 'written'))
    } finally {
      this.#updateState()
    }
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
    return this.#checkpointer!.syncedSize < this.size || this.#checkpointer!.successor !== undefined
  }

  /** Someone waits for a synced checkpoint over what is durable already. */
  #mustSync(): boolean {
    return (
      this.#awaitingCheckpoint.length > 0 ||
      this.#waiters.some((waiter) => waiter.checkpoint && waiter.position <= this.#doneThrough()) ||
      (this.#closing !== undefined && !this.#isAnyLeft())
    )
  }

  #checkpointDueIn(): number | undefined {
    // A tail that was found at opening is signed only together with the record about it, never before.
    if (this.#queue.at(0)?.number === FIRST_WORDS) return undefined
    if (this.#doneThrough() < (this.#options.source?.signAfter ?? 0)) return undefined
    const due = this.#checkpointer!.dueIn(this.#timers.now())
    return due !== undefined && this.#mustSync() ? 0 : due
  }

  #questionDueIn(): number | undefined {
    if (this.#asking.waiting || this.#queue.at(0)?.number === FIRST_WORDS) return undefined
    return this.#checkpointer!.askIn(this.#timers.now(), this.#mustSync())
  }

  #rest(): boolean {
    this.#updateState() // it may have become too late for a signature
    const due = [
      this.#signing.waiting ? undefined : this.#checkpointDueIn(),
      this.#questionDueIn(),
      this.#checkpointer!.overdueIn(this.#timers.now()) || undefined,
    ].filter((ms) => ms !== undefined)
    const ms = Math.ceil(Math.min(...due))
    // What failed is tried again by a timer.
    const isWell = !this.#appending.waiting && !this.#signing.waiting
    if (isWell && this.#options.source?.rest(ms) === false) return true
    if (due.length > 0) this.#checkpointTimer = this.#timers.after(ms, () => this.#wake())
    return false
  }

  #isAnyLeft(): boolean {
    const { source } = this.#options
    return source ? source.durable < source.come : this.#queue.length > 0
  }

  /** Number of the last entry that, with all before it, is durable or was refused. The queue is in order. */
  #doneThrough(): number {
    if (this.#options.source) return this.#options.source.durable
    const oldest = this.#queue.at(0)
    return oldest ? oldest.number - 1 : this.#accepted
  }

  #wait(checkpoint: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over) return this.#queue.length ? reject(closedError()) : resolve()
      this.#waiters.push({ position: this.#options.source?.come ?? this.#accepted, checkpoint, resolve, reject })
      this.#answerWaiters()
      this.#wake()
    })
  }

  #answerWaiters(): void {
    const open = this.#checkpointer
    if (!open) return
    const done = this.#doneThrough()
    this.#waiters = this.#waiters.filter((waiter) => {
      if (done >= waiter.position) waiter.size ??= open.size
      const over = waiter.size !== undefined && (!waiter.checkpoint || open.syncedSize >= waiter.size)
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

  #failed(trouble: Trouble, error: TrailproofError, most = ATTEMPTS_WHEN_CLOSING): void {
    this.#lastError = error
    trouble.failed(error, this.#closing !== undefined)
    this.#updateState()
    if (this.#closing && trouble.attempts >= most) this.#givenUp = error
    if (this.#givenUp) this.#wake()
  }

  /** The key in another place has been away for too long: now it is the log that fails. */
  #overdue(): Trouble | undefined {
    return this.#asking.error && this.#checkpointer?.isOverdue(this.#timers.now()) ? this.#asking : undefined
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
    const trouble = this.#troubles().find(({ error }) => error) ?? this.#overdue()
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
    const { service, key, previousKey, randomId } = this.#options
    const limits = [key.remote, previousKey?.remote].flatMap((remote) => remote?.maxUnsignedMs ?? [])
    return {
      newOrigin: (slot: string) => `${service}/${randomId()}/${slot}`,
      publicKey: key.publicKey,
      ...(previousKey && { previousKey: previousKey.publicKey }),
      ...(limits.length > 0 && { maxUnsignedMs: Math.max(...limits) }),
    }
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
  #finish(done: boolean, written: (FormedBatch | undefined)[] | undefined, signed = true): boolean {
    for (const formed of written ?? []) if (formed) this.#committed(formed)
    if (written && signed) this.#checkpointer!.keptAll()
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
    for (const trouble of [...this.#troubles(), this.#asking]) trouble.succeeded()
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
