// The log as the application's thread sees it while another thread writes it: lines go into shared memory, counts of what
// is durable come back. It answers to the same calls as `Log`, which takes over in this thread should the other be lost.
//
//   append ─► waiting (keys, opening, no room) ─► outbox ─► [log's thread] ─► durable ─► settled
import type { KeyObject } from 'node:crypto'
import type { TrailproofError } from '../../errors.js'
import type { SharedFileLease } from '../../writers/file/lease.js'
import type { Head } from '../../writers/writer.js'
import { type Entry, type FleetingBody, isFleeting, keepBody } from '../entry.js'
import { KeyWaits } from '../key-waits.js'
import { ATTEMPTS_WHEN_CLOSING, type Log, type LogHealth, type LogOptions, type LogState } from '../log.js'
import {
  closedError,
  endedBefore,
  endedBeforeKeys,
  queueFull,
  threadLost,
  timeoutError,
  unserialisable,
} from '../log-errors.js'
import { type Item, Queue, settle } from '../queue.js'
import { systemTimers } from '../timers.js'
import { type Report, uncarry } from './messages.js'
import { Outbox } from './outbox.js'
import { clockMs, shareRing, Word } from './ring.js'
import { takeOver } from './take-over.js'
import { ThreadLink } from './thread-link.js'
import { Waits } from './waits.js'

/** A log in the thread of the caller, or one that stands in for a log in another. */
export type AnyLog = Pick<
  Log,
  'ready' | 'state' | 'origin' | 'append' | 'flush' | 'checkpoint' | 'close' | 'finishSync' | 'health'
>

export interface ThreadedLogOptions extends LogOptions {
  /** The script of the log's thread. */
  file: URL
  shared: SharedFileLease
  privateKey: KeyObject
}

/** While closing, a log that cannot be opened is given up after this time. */
const OPENING_MS = 2000

export class ThreadedLog implements AnyLog {
  readonly ready: Promise<Head>
  readonly #options: ThreadedLogOptions
  readonly #words: Int32Array
  readonly #signed: BigInt64Array
  readonly #outbox: Outbox
  readonly #link: ThreadLink
  readonly #keys: KeyWaits
  readonly #waits: Waits
  readonly #waiting = new Queue({
    maxQueuedBytes: Number.POSITIVE_INFINITY,
    maxQueuedRecords: Number.POSITIVE_INFINITY,
  })
  #readySettle!: { resolve(head: Head): void; reject(error: TrailproofError): void }
  #head: Head | undefined
  #origin: string | undefined
  #state: LogState = 'opening'
  #lastError: TrailproofError | undefined
  #accepted = 0
  #sent = 0
  #settled = 0 // sent entries found durable
  #progressAt = 0
  #checkpointWanted = false
  #publishing = false
  #closing: Promise<void> | undefined
  #closeSettle: { resolve(): void; reject(error: unknown): void } | undefined
  #givenUp: TrailproofError | undefined
  #closeTold = false
  #over = false
  #successor: Log | undefined

  /** @throws what `Worker` throws where threads may not be started; then nothing was begun */
  constructor(options: ThreadedLogOptions) {
    const { key, service, limits, file, shared: lease, privateKey } = options
    this.#options = options
    const shared = shareRing(Math.min(limits.maxQueuedBytes, 64 * 1024 * 1024))
    this.#words = new Int32Array(shared.words)
    this.#signed = new BigInt64Array(shared.signed)
    this.#outbox = new Outbox(shared)
    this.#link = new ThreadLink(
      file,
      { shared, lease, service, publicKey: key.publicKey, privateKey },
      (report) => this.#hear(report),
      (cause) => this.#lost(cause),
    )
    this.#waits = new Waits((id) => this.#link.tell({ do: 'checkpoint', id }))
    this.#keys = new KeyWaits(options.timers ?? systemTimers, {
      ready: () => this.#pump(),
      failed: (trouble, error) => {
        this.#lastError = error
        trouble.failed(error, this.#closing !== undefined)
        this.#told()
        if (this.#closing && trouble.attempts >= ATTEMPTS_WHEN_CLOSING) this.#giveUpWaiting(error)
      },
      changed: () => this.#told(),
    })
    this.ready = new Promise((resolve, reject) => {
      this.#readySettle = { resolve, reject }
    })
    this.ready.catch(() => {})
    this.#link.hold(true)
  }

  get state(): LogState {
    if (this.#successor) return this.#successor.state
    if (this.#over) return 'closed'
    if (this.#isStalled()) return 'stalled'
    return this.#keys.trouble.error ? 'failing' : this.#state
  }

  get origin(): string | undefined {
    return this.#successor?.origin ?? this.#origin
  }

  append(entry: Entry): boolean {
    if (this.#successor) return this.#successor.append(entry)
    if (this.#closing || this.#over) {
      queueMicrotask(() => settle({ entry }, closedError(), undefined))
      return true
    }
    if (this.#isFull(entry)) return false
    this.#accepted++
    const { body } = entry
    if (this.#head && this.#waiting.length === 0 && !entry.ready && (typeof body === 'string' || isFleeting(body)))
      if (this.#send(entry, body)) return true
    keepBody(entry)
    const item = this.#waiting.push(entry, this.#accepted)!
    this.#keys.start(item)
    return true
  }

  flush(): Promise<void> {
    return this.#wait(false)
  }

  checkpoint(): Promise<void> {
    return this.#wait(true)
  }

  close(): Promise<void> {
    if (this.#successor) return this.#successor.close()
    if (!this.#closing) {
      this.#closing = new Promise((resolve, reject) => {
        this.#closeSettle = { resolve, reject }
      })
      if (this.#over) this.#closeSettle!.resolve()
      this.#keys.trouble.hurry()
      this.#link.hold(true)
      if (!this.#head) setTimeout(() => this.#head || this.#end(this.#lastError ?? closedError()), OPENING_MS)
      this.#pump()
    }
    return this.#closing
  }

  finishSync(timeoutMs: number): boolean {
    if (this.#successor) return this.#successor.finishSync(timeoutMs)
    if (this.#over) return true
    const until = performance.now() + timeoutMs
    if (this.#isStalled() || !this.#link.waitFor(() => this.#head !== undefined, until)) return this.#finish()
    const unready = this.#giveUpUnready()
    for (this.#pump(); this.#waiting.length > 0; this.#pump())
      if (!this.#link.waitFor(() => this.#outbox.hasNews(), until)) return this.#finish()
    this.#publish()
    if (!this.#closeTold) this.#link.tell({ do: 'close' })
    this.#closeTold = true
    this.#link.waitFor(() => this.#over || this.#link.hasEnded(), until)
    return this.#finish() && !unready
  }

  health(): LogHealth {
    if (this.#successor) return this.#successor.health()
    const stalled = this.#isStalled()
    const lastError = stalled ? timeoutError(this.#options.stalledAfterMs) : this.#lastError
    return {
      state: this.state,
      thread: 'worker',
      origin: this.#origin,
      size: (this.#head?.size ?? 0) + this.#settled,
      signedSize: Number(Atomics.load(this.#signed, 0)),
      queuedRecords: this.#waiting.length + this.#outbox.length,
      queuedBytes: this.#waiting.bytes + this.#outbox.bytes,
      ...(lastError && { lastError }),
    }
  }

  // ── lines on their way ────────────────────────────────────────────────────────────────────────────────────────────

  #isFull({ bytes }: Entry): boolean {
    const { maxQueuedBytes, maxQueuedRecords } = this.#options.limits
    return (
      this.#waiting.length + this.#outbox.length + this.#waits.length >= maxQueuedRecords ||
      this.#waiting.bytes + this.#outbox.bytes + bytes > maxQueuedBytes
    )
  }

  /** @returns false: no room now */
  #send(entry: Entry, body: string | FleetingBody): boolean {
    const put = this.#outbox.put(entry, body)
    if (put === false) return false
    if (put !== true) queueMicrotask(() => settle({ entry }, put, undefined))
    else {
      this.#sent++
      if (entry.wait === 'checkpointed') this.#checkpointWanted = true
      if (!this.#publishing) {
        this.#publishing = true
        queueMicrotask(() => this.#publish())
      }
    }
    return true
  }

  #publish(): void {
    this.#publishing = false
    if (this.#over || this.#successor) return
    if (this.#outbox.publish()) this.#link.tell({ do: 'wake' })
    if (this.#outbox.length > 0 && !this.#outbox.hasNews()) this.#progressAt ||= performance.now()
    if (this.#checkpointWanted) this.#waits.order(this.#sent)
    this.#checkpointWanted = false
    this.#link.hold(this.#mustHold())
  }

  /** Sends what waited for keys, for room, or for the log to be open, in order. */
  #pump(): void {
    if (!this.#head || this.#over || this.#successor) return
    for (let item = this.#waiting.at(0); item?.ready; item = this.#waiting.at(0)) {
      const body = this.#bodyOf(item)
      if (body !== undefined && !this.#send(item.entry, body)) break
      this.#waiting.shift(1)
    }
    this.#answerWaiters()
    if (!this.#closing || this.#closeTold || this.#waiting.length > 0) return
    this.#closeTold = true
    this.#publish()
    this.#link.tell({ do: 'close' })
  }

  /** Undefined, and settled, when there is none. */
  #bodyOf(item: Item): string | undefined {
    const { event, body } = item.entry
    try {
      item.body ??= typeof body === 'function' ? body() : body
      return item.body as string
    } catch (cause) {
      settle(item, unserialisable(event, cause), undefined)
      return undefined
    }
  }

  #progress(): void {
    Atomics.store(this.#words, Word.told, 0)
    this.#progressAt = 0
    for (let next = this.#outbox.takeDurable(this.#origin!); next; next = this.#outbox.takeDurable(this.#origin!)) {
      this.#settled++
      if (next.entry.wait === 'checkpointed') this.#waits.keep(next.entry, next.receipt, this.#settled)
      else settle(next, undefined, next.receipt)
    }
    if (this.#outbox.length > 0) this.#progressAt = performance.now()
    this.#pump()
    this.#link.hold(this.#mustHold())
  }

  #mustHold(): boolean {
    const busy = this.#outbox.length > 0 || this.#waits.asked
    return !this.#over && (!this.#head || this.#closing !== undefined || (busy && this.#state === 'writing'))
  }

  // ── what the log's thread reports ─────────────────────────────────────────────────────────────────────────────────

  #hear(report: Report): void {
    switch (report.told) {
      case 'opened':
        this.#opened(report.origin, report.head)
        return
      case 'unopened':
        this.#readySettle.reject(uncarry(report.error))
        return
      case 'progress':
        this.#progress()
        return
      case 'state':
        this.#state = report.state
        if (report.error) this.#lastError = uncarry(report.error)
        this.#link.hold(this.#mustHold())
        this.#told()
        return
      case 'checkpoint':
        this.#progress()
        this.#waits.answered(report.id, report.error && uncarry(report.error))
        this.#link.hold(this.#mustHold())
        return
      case 'closed':
        this.#progress()
        this.#end(this.#givenUp ?? (report.error && uncarry(report.error)))
        return
    }
  }

  /** The log's own first words go before everything that was queued meanwhile. */
  #opened(origin: string, head: Head): void {
    this.#origin = origin
    this.#head = head
    this.#outbox.begin(head.size)
    const first = this.#options.preamble(head)
    for (const entry of first)
      this.#send(entry, typeof entry.body === 'function' ? entry.body() : (entry.body as string))
    this.#publish()
    this.#link.tell({ do: 'begin', count: first.length })
    this.#readySettle.resolve(head)
    this.#pump()
  }

  /** Tells whoever wants to know of the state. */
  #told(): void {
    const { state } = this
    try {
      this.#options.onState?.(state, state === 'failing' || state === 'stalled' ? this.#lastError : undefined)
    } catch {}
  }

  /** A system call, or the thread itself, has not come back for too long. */
  #isStalled(): boolean {
    const { stalledAfterMs } = this.#options
    const busySince = Atomics.load(this.#words, Word.busySince)
    if (busySince !== 0 && ((clockMs() - busySince) | 0) > stalledAfterMs) return true
    if (this.#state !== 'writing' || this.#progressAt === 0 || this.#outbox.hasNews()) return false
    return performance.now() - this.#progressAt > stalledAfterMs
  }

  #wait(checkpoint: boolean): Promise<void> {
    if (this.#successor) return checkpoint ? this.#successor.checkpoint() : this.#successor.flush()
    if (this.#over) return Promise.resolve()
    const waiting = this.#waits.wait(this.#accepted, checkpoint)
    this.#answerWaiters()
    return waiting
  }

  #answerWaiters(): void {
    if (!this.#head) return
    this.#waits.progress(this.#accepted, this.#waiting.length, this.#outbox.length, this.#sent, () => this.#publish())
    this.#link.hold(this.#mustHold())
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The keys of these lines cannot be kept: they are told, and the rest is written. */
  #giveUpWaiting(error: TrailproofError): void {
    this.#givenUp = error
    for (const item of this.#waiting.shift(this.#waiting.length)) settle(item, error, undefined)
    this.#pump()
  }

  /** Lines whose keys are not durable cannot be written, and nothing will make them so before the process ends. */
  #giveUpUnready(): boolean {
    let any = false
    for (let i = 0, item = this.#waiting.at(0); item; item = this.#waiting.at(i)) {
      if (item.ready) i++
      else {
        any = true
        settle(this.#waiting.remove(i), endedBeforeKeys(item.entry.event), undefined)
      }
    }
    return any
  }

  /** The last word of finishSync. */
  #finish(): boolean {
    if (this.#over) return !this.#lastError
    this.#progress()
    const complete = this.#outbox.length === 0 && this.#waiting.length === 0 && this.#link.hasEnded()
    this.#end(complete ? undefined : (this.#lastError ?? endedBefore()))
    return complete
  }

  /** Nothing more will be written. Whoever still waits is told why, exactly once. */
  #end(error: TrailproofError | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#link.end()
    const left = error ?? closedError()
    for (let next = this.#outbox.takeBack(); next; next = this.#outbox.takeBack()) settle(next, left, undefined)
    for (const item of this.#waiting.shift(this.#waiting.length)) settle(item, left, undefined)
    this.#waits.end(error)
    this.#readySettle.reject(left)
    this.#keys.trouble.succeeded()
    this.#options.lease.release()
    this.#told()
    if (error) this.#closeSettle?.reject(error)
    else this.#closeSettle?.resolve()
  }

  /** The thread is gone, and nobody closed it. What it had made durable counts; the rest is written from here. */
  #lost(cause: Error): void {
    if (this.#over) return
    if (this.#origin !== undefined) this.#progress()
    this.#lastError = threadLost(cause)
    process.emitWarning(this.#lastError)
    const successor = takeOver(this.#options, this.#outbox, this.#origin)
    this.#successor = successor
    for (const { entry } of this.#waiting.shift(this.#waiting.length))
      if (!successor.append(entry)) settle({ entry }, queueFull(entry.event), undefined)
    this.#waits.handOver(successor)
    successor.ready.then(this.#readySettle.resolve, this.#readySettle.reject)
    if (this.#closing) successor.close().then(this.#closeSettle!.resolve, this.#closeSettle!.reject)
  }
}
