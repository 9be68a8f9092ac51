// The log as the application's thread sees it while another thread writes it: lines go into shared memory, counts of what
// is durable come back. It answers to the same calls as `Log`, which takes over in this thread should the other be lost.
import type { KeyObject } from 'node:crypto'
import type { TrailproofError } from '../../errors.js'
import type { SharedFileLease } from '../../writers/file/lease.js'
import type { Elsewhere, Head } from '../../writers/writer.js'
import type { Entry } from '../entry.js'
import { ATTEMPTS_WHEN_CLOSING, type Log, type LogHealth, type LogOptions, type LogState } from '../log.js'
import { closedError, endedBefore, threadLost, timeoutError } from '../log-errors.js'
import { settle } from '../queue.js'
import { systemTimers } from '../timers.js'
import { type Report, uncarry } from './messages.js'
import { shareRing, Word } from './ring.js'
import { Sender } from './sender.js'
import { StallWatch } from './stall-watch.js'
import { takeOver } from './take-over.js'
import { ThreadLink } from './thread-link.js'

/** A log in the thread of the caller, or one that stands in for a log in another. */
export type AnyLog = Pick<
  Log,
  'ready' | 'state' | 'origin' | 'folder' | 'append' | 'flush' | 'checkpoint' | 'close' | 'finishSync' | 'health'
>

export interface ThreadedLogOptions extends LogOptions {
  /** The script of the log's thread. */
  file: URL
  shared: SharedFileLease
  privateKey: KeyObject
}

const MAX_RING_BYTES = 64 * 1024 * 1024

/** While closing, a log that fails and has not even taken all lines is given up after this time. */
const CLOSING_MS = 2000

export class ThreadedLog implements AnyLog {
  readonly ready: Promise<Head>
  readonly #options: ThreadedLogOptions
  readonly #words: Int32Array
  readonly #signed: BigInt64Array
  readonly #link: ThreadLink
  readonly #sender: Sender
  readonly #stall: StallWatch
  #readySettle!: { resolve(head: Head): void; reject(error: TrailproofError): void }
  #head: Head | undefined
  #origin: string | undefined
  #folder: string | undefined
  #asked = false
  #state: LogState = 'opening' // of the log in its thread
  #told: LogState = 'opening'
  #lastError: TrailproofError | undefined
  #closing: Promise<void> | undefined
  #closeSettle: { resolve(): void; reject(error: unknown): void } | undefined
  #closeTold = false
  #givenUp: TrailproofError | undefined // lines were, while closing
  #ended: { error: TrailproofError | undefined } | undefined
  #successor: Log | undefined

  /** @throws what `Worker` throws where threads may not be started; then nothing was begun */
  constructor(options: ThreadedLogOptions) {
    const { key, service, limits, file, shared: lease, privateKey, stalledAfterMs } = options
    this.#options = options
    const shared = shareRing(Math.min(limits.maxQueuedBytes, MAX_RING_BYTES))
    this.#words = new Int32Array(shared.words)
    this.#signed = new BigInt64Array(shared.signed)
    this.#link = new ThreadLink(
      file,
      { shared, lease, service, publicKey: key.publicKey, privateKey },
      (report) => this.#hear(report),
      (cause) => this.#lost(cause),
    )
    this.#stall = new StallWatch(shared, stalledAfterMs, () => this.#changed())
    this.#sender = new Sender(shared, limits, options.timers ?? systemTimers, {
      wake: () => this.#link.tell({ do: 'wake' }),
      checkpoint: (id) => this.#link.tell({ do: 'checkpoint', id }),
      moved: () => this.#moved(),
      changed: () => this.#changed(),
      failed: (trouble, error) => {
        this.#lastError = error
        trouble.failed(error, this.#closing !== undefined)
        if (this.#closing && trouble.attempts >= ATTEMPTS_WHEN_CLOSING) {
          this.#givenUp = error
          this.#sender.giveUpWaiting(error)
        }
        this.#changed()
      },
    })
    this.ready = new Promise((resolve, reject) => {
      this.#readySettle = { resolve, reject }
    })
    this.ready.catch(() => {})
    this.#changed()
    const { elsewhere } = options.lease
    if (elsewhere) void elsewhere.asked().then((known) => this.#open(known))
    else this.#open([])
  }

  get state(): LogState {
    if (this.#successor) return this.#successor.state
    if (this.#ended) return 'closed'
    if (this.#isStalled()) return 'stalled'
    return this.#sender.keyError ? 'failing' : this.#state
  }

  get origin(): string | undefined {
    return this.#successor?.origin ?? this.#origin
  }

  get folder(): string | undefined {
    return this.#successor?.folder ?? this.#folder
  }

  append(entry: Entry): boolean {
    if (this.#successor) return this.#successor.append(entry)
    if (!this.#closing && !this.#ended) return this.#sender.append(entry)
    queueMicrotask(() => settle({ entry }, closedError(), undefined))
    return true
  }

  flush(): Promise<void> {
    return this.#successor?.flush() ?? this.#sender.wait(false)
  }

  checkpoint(): Promise<void> {
    return this.#successor?.checkpoint() ?? this.#sender.wait(true)
  }

  close(): Promise<void> {
    if (this.#successor) return this.#successor.close()
    if (this.#closing) return this.#closing
    this.#closing = new Promise((resolve, reject) => {
      this.#closeSettle = { resolve, reject }
    })
    if (this.#ended) this.#closeSettle!.resolve()
    else {
      this.#link.tell({ do: 'hurry' })
      this.#sender.hurry()
      this.#sender.pump()
      if (!this.#closeTold) this.#giveUpLater()
    }
    return this.#closing
  }

  finishSync(timeoutMs: number): boolean {
    const until = performance.now() + timeoutMs
    this.#open(this.#options.lease.elsewhere?.heard() ?? []) // the process ends: what was heard by now must do
    const unready = !this.#successor && !this.#ended && this.#finishInThread(until)
    // Where the thread was found lost just now, its successor has everything.
    if (this.#successor) return this.#successor.finishSync(until - performance.now()) && !unready
    return this.#ended!.error === undefined && !unready
  }

  health(): LogHealth {
    if (this.#successor) {
      const health = this.#successor.health()
      return { ...health, lastError: health.lastError ?? this.#lastError! }
    }
    const lastError = this.#isStalled() ? timeoutError(this.#options.stalledAfterMs) : this.#lastError
    return {
      state: this.state,
      thread: 'worker',
      origin: this.#origin,
      size: (this.#head?.size ?? 0) + this.#sender.durable,
      signedSize: Number(Atomics.load(this.#signed, 0)),
      queuedRecords: this.#sender.queuedRecords,
      queuedBytes: this.#sender.queuedBytes,
      ...(lastError && { lastError }),
    }
  }

  // ── what the log's thread reports ─────────────────────────────────────────────────────────────────────────────────

  #hear(report: Report): void {
    if (report.told === 'opened') this.#opened(report)
    else if (report.told === 'unopened') this.#readySettle.reject(uncarry(report.error))
    else if (report.told === 'state') {
      this.#state = report.state
      if (report.error) this.#lastError = uncarry(report.error)
      this.#changed()
    } else this.#progress()
    if (report.told === 'checkpoint') this.#sender.answered(report.id, report.error && uncarry(report.error))
    if (report.told === 'closed') this.#end(this.#givenUp ?? (report.error && uncarry(report.error)), true)
  }

  /** Has the log's thread open the log, once. */
  #open(elsewhere: readonly Elsewhere[]): void {
    if (this.#asked || this.#ended || this.#successor) return
    this.#asked = true
    this.#link.tell({ do: 'open', elsewhere })
  }

  #opened({ origin, folder, head }: Report & { told: 'opened' }): void {
    this.#origin = origin
    this.#folder = folder
    this.#head = head
    const count = this.#sender.open(origin, head.size, this.#options.preamble(head, origin))
    // Before the lines are seen, so that nothing is signed without the log's own first words.
    Atomics.store(this.#words, Word.signAfter, count + 1)
    this.#sender.publish()
    this.#link.tell({ do: 'wake' })
    this.#readySettle.resolve(head)
    this.#sender.pump()
  }

  #progress(): void {
    Atomics.store(this.#words, Word.told, 0) // before looking: what comes later is told again
    const before = this.#sender.durable
    this.#sender.progress()
    if (this.#sender.durable !== before) this.#stall.moved(this.#sender.underWay > 0)
    this.#changed()
  }

  /** Lines were handed over, or became durable. */
  #moved(): void {
    if (this.#ended || this.#successor) return
    if (this.#sender.underWay > 0) this.#stall.expect()
    if (this.#closing && this.#head && !this.#closeTold && this.#sender.waiting === 0) {
      this.#closeTold = true
      this.#sender.publish()
      this.#link.tell({ do: 'close' })
    }
    this.#link.hold(this.#mustHold())
  }

  /** Tells whoever wants to know of the state, when it is another one. */
  #changed(): void {
    this.#link.hold(this.#mustHold())
    const { state } = this
    if (state === this.#told) return
    this.#told = state
    try {
      this.#options.onState?.(state, state === 'failing' || state === 'stalled' ? this.health().lastError : undefined)
    } catch {}
  }

  /** A log that fails is known by its state; one that does not answer, by the time that has gone by. */
  #isStalled(): boolean {
    return this.#state !== 'failing' && !this.#sender.hasNews && this.#stall.isStalled
  }

  /** Should the process stay alive for what is on its way? Not for a disk that fails or does not answer. */
  #mustHold(): boolean {
    if (this.#ended || this.#successor || this.#isStalled()) return false
    if (this.#closing) return true
    return this.#state !== 'failing' && (!this.#head || this.#sender.isOwed)
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The log's thread gives up by itself once it was told to close; until then nobody else would. */
  #giveUpLater(): void {
    setTimeout(() => {
      if (this.#closeTold || this.#ended || this.#successor) return
      if (this.#state === 'failing') this.#end(this.#lastError ?? closedError())
      else this.#giveUpLater()
    }, CLOSING_MS).unref()
  }

  /** @returns true when lines were given up that waited for keys */
  #finishInThread(until: number): boolean {
    const gone = () => this.#ended !== undefined || this.#successor !== undefined
    const waitFor = (done: () => boolean) => this.#link.waitFor(() => gone() || done(), until)
    if (this.#isStalled()) this.#finish()
    else if (!waitFor(() => this.#head !== undefined)) this.#finish()
    if (gone()) return false
    const unready = this.#sender.giveUpUnready()
    this.#closing ??= new Promise((resolve, reject) => {
      this.#closeSettle = { resolve, reject }
    })
    this.#closing.catch(() => {})
    // Each round makes room for lines, hands them over, and waits for the next ones to be durable; the last one closes.
    for (this.#sender.publish(); !gone() && !this.#closeTold; this.#sender.progress()) {
      this.#sender.pump()
      this.#sender.publish()
      if (performance.now() >= until || (!this.#closeTold && !waitFor(() => this.#sender.hasNews))) break
    }
    waitFor(() => this.#link.hasEnded())
    if (!gone()) this.#finish()
    return unready
  }

  /** The last word of finishSync, when the log's thread did not have it. */
  #finish(): void {
    this.#sender.progress()
    const complete = this.#sender.queuedRecords === 0 && this.#link.hasEnded()
    this.#end(complete ? undefined : (this.#lastError ?? endedBefore()))
  }

  /**
   * Nothing more will be written. Whoever still waits is told why, exactly once.
   *
   * @param closed - the log's thread has said that it has closed the log: it makes no call any more, though it has not ended
   */
  #end(error: TrailproofError | undefined, closed = false): void {
    if (this.#ended) return
    this.#ended = { error }
    this.#stall.end()
    // The slot may not go to others as long as a system call of ours could still change the log.
    if (closed || this.#link.hasEnded()) this.#options.lease.release()
    else void this.#link.ended.then(() => this.#options.lease.release())
    this.#link.end()
    const left = error ?? closedError()
    this.#sender.end(error, left)
    this.#readySettle.reject(left)
    this.#changed()
    if (error) this.#closeSettle?.reject(error)
    else this.#closeSettle?.resolve()
  }

  /** The thread is gone, and nobody closed it. What it had made durable counts; the rest is written from here. */
  #lost(cause: Error): void {
    if (this.#ended) return
    this.#lastError = threadLost(cause)
    process.emitWarning(this.#lastError)
    this.#stall.end()
    const successor = this.#sender.handOver((sent) => {
      this.#successor = takeOver(this.#options, sent, this.#origin)
      return this.#successor
    })
    successor.ready.then(this.#readySettle.resolve, this.#readySettle.reject)
    if (this.#closing) successor.close().then(this.#closeSettle!.resolve, this.#closeSettle!.reject)
  }
}
