// Lines on their way to the log's thread, in order, and whoever waits for them.
//
//   append ─► waiting (keys, opening, no room) ─► outbox ─► [log's thread] ─► durable ─► settled
import { setImmediate } from 'node:timers'
import type { TrailproofError } from '../../errors.js'
import { type Entry, type FleetingBody, isFleeting, keepBody } from '../entry.js'
import { type KeyWaitEvents, KeyWaits } from '../key-waits.js'
import type { Log } from '../log.js'
import { endedBeforeKeys, queueFull, unserialisable } from '../log-errors.js'
import { type Item, Queue, type QueueLimits, settle } from '../queue.js'
import type { Timers } from '../timers.js'
import { Outbox, type SentEntry, withBody } from './outbox.js'
import type { Shared } from './ring.js'
import { Waits } from './waits.js'

export interface SenderEvents extends Pick<KeyWaitEvents, 'failed' | 'changed'> {
  /** Lines were published while the log's thread slept. */
  wake(): void
  /** `answered` is to be called with this id once a checkpoint covers everything published. */
  checkpoint(id: number): void
  /** Lines were handed over, or became durable. */
  moved(): void
}

export class Sender {
  readonly #limits: QueueLimits
  readonly #events: SenderEvents
  readonly #outbox: Outbox
  readonly #keys: KeyWaits
  readonly #waits: Waits
  /** Bounded by `append`, together with what is in the outbox. */
  readonly #waiting = new Queue({
    maxQueuedBytes: Number.POSITIVE_INFINITY,
    maxQueuedRecords: Number.POSITIVE_INFINITY,
  })
  /** Of the log that takes the lines; undefined until it is open. */
  #origin: string | undefined
  #accepted = 0
  #sent = 0
  #durable = 0 // of those sent
  #checkpointWanted = false
  #publishing = false
  #ringing = false
  #over = false

  constructor(shared: Shared, limits: QueueLimits, timers: Timers, events: SenderEvents) {
    this.#limits = limits
    this.#events = events
    this.#outbox = new Outbox(shared)
    this.#waits = new Waits((id) => events.checkpoint(id))
    this.#keys = new KeyWaits(timers, {
      ready: () => this.pump(),
      failed: (trouble, error) => events.failed(trouble, error),
      changed: () => events.changed(),
    })
  }

  /** Lines ever found durable. */
  get durable(): number {
    return this.#durable
  }

  get queuedRecords(): number {
    return this.#waiting.length + this.#outbox.length
  }

  get queuedBytes(): number {
    return this.#waiting.bytes + this.#outbox.bytes
  }

  /** Lines that were not handed over yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Lines handed over and not found durable yet. */
  get underWay(): number {
    return this.#outbox.length
  }

  /** Is there anything that the log's thread owes an answer to? */
  get isOwed(): boolean {
    return this.#outbox.length > 0 || this.#waits.asked
  }

  /** Has something become durable that `progress` has not told yet? */
  get hasNews(): boolean {
    return this.#outbox.hasNews()
  }

  /** What kept the keys of a line from being durable, as long as it does. */
  get keyError(): TrailproofError | undefined {
    return this.#keys.trouble.error
  }

  /** Takes an entry in. @returns false: there is no room for it, and nothing was kept */
  append(entry: Entry): boolean {
    const { maxQueuedBytes, maxQueuedRecords } = this.#limits
    if (this.queuedRecords + this.#waits.length >= maxQueuedRecords) return false
    if (this.queuedBytes + entry.bytes > maxQueuedBytes) return false
    this.#accepted++
    const direct = this.#origin !== undefined && this.#waiting.length === 0 && !entry.ready
    const { body } = entry
    if (direct && (typeof body === 'string' || isFleeting(body)) && this.#send(entry, body)) return true
    keepBody(entry)
    this.#keys.start(this.#waiting.push(entry, this.#accepted)!)
    return true
  }

  /**
   * The log is open: its own first words go before everything that was queued meanwhile.
   *
   * @param size - leaves that are there
   * @param first - need no keys
   * @returns how many of them are on their way
   */
  open(origin: string, size: number, first: readonly Entry[]): number {
    this.#origin = origin
    this.#outbox.begin(size)
    for (const entry of first) {
      const body = bodyOf(entry)
      if (body !== undefined) this.#send(entry, body)
    }
    return this.#sent
  }

  /** Hands over what waited for keys, for room, or for the log to be open, in order. */
  pump(): void {
    if (this.#origin === undefined || this.#over) return
    for (let item = this.#waiting.at(0); item?.ready; item = this.#waiting.at(0)) if (!this.#sendOldest(item)) break
    this.#answerWaiters()
    this.#events.moved()
  }

  /**
   * Lets the log's thread see what was sent.
   *
   * @param urgent - false: it may wait a little for others
   * @param bell - called instead of ringing it
   */
  publish(urgent = true, bell?: () => void): void {
    this.#publishing = false
    if (this.#over) return
    if (this.#outbox.publish(urgent, bell)) this.#events.wake()
    if (this.#checkpointWanted) this.#waits.order(this.#sent)
    this.#checkpointWanted = false
    this.#events.moved()
  }

  /** Settles what has become durable, and goes on with what waits for the room that it took. */
  progress(): void {
    const origin = this.#origin
    if (origin === undefined || this.#over) return
    for (let next = this.#outbox.takeDurable(origin); next; next = this.#outbox.takeDurable(origin)) {
      this.#durable++
      if (next.entry.wait === 'checkpointed') this.#waits.keep(next.entry, next.receipt, this.#durable)
      else settle(next, undefined, next.receipt)
    }
    this.pump()
  }

  /** The checkpoint that was asked for is durable, or never will be. */
  answered(id: number, error: TrailproofError | undefined): void {
    this.#waits.answered(id, error)
    this.#events.moved()
  }

  /** Resolves once everything accepted so far is durable, or below a checkpoint. */
  wait(checkpoint: boolean): Promise<void> {
    if (this.#over) return Promise.resolve()
    const waiting = this.#waits.wait(this.#accepted, checkpoint)
    if (this.#outbox.length > 0) this.publish()
    this.#answerWaiters()
    this.#events.moved()
    return waiting
  }

  /** Ends the wait for the next attempt to keep keys. */
  hurry(): void {
    this.#keys.trouble.hurry()
  }

  /** The keys of what waits cannot be kept: it is refused. */
  giveUpWaiting(error: TrailproofError): void {
    this.#keys.trouble.succeeded() // nobody asks again
    for (const item of this.#waiting.shift(this.#waiting.length)) settle(item, error, undefined)
    this.pump()
  }

  /** Lines whose keys are not durable cannot be written, and nothing will make them so before the process ends. */
  giveUpUnready(): boolean {
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

  /** Nothing more will be written. Whoever still waits is told why, exactly once. */
  end(error: TrailproofError | undefined, left: TrailproofError): void {
    this.#stop()
    for (let next = this.#outbox.takeBack(); next; next = this.#outbox.takeBack()) settle(next, left, undefined)
    for (const item of this.#waiting.shift(this.#waiting.length)) settle(item, left, undefined)
    this.#waits.end(error)
  }

  /**
   * Everything goes to another log from now on.
   *
   * @param begin - makes it, out of what was sent and is not known to be durable
   */
  handOver(begin: (sent: SentEntry[]) => Log): Log {
    this.progress()
    this.#stop()
    const sent: SentEntry[] = []
    for (let next = this.#outbox.takeBack(); next; next = this.#outbox.takeBack()) sent.push(next)
    const log = begin(sent)
    for (const { entry, ready } of this.#waiting.shift(this.#waiting.length))
      if (!log.append(ready ? withBody(entry, entry.body) : entry)) settle({ entry }, queueFull(entry.event), undefined)
    this.#waits.handOver(log)
    return log
  }

  #stop(): void {
    this.#over = true
    this.#keys.trouble.succeeded() // nobody asks again
  }

  /** @returns false: there is no room now */
  #sendOldest({ entry }: Item): boolean {
    const body = bodyOf(entry)
    if (body !== undefined && !this.#send(entry, body)) return false
    this.#waiting.shift(1)
    return true
  }

  /** @returns false: there is no room now */
  #send(entry: Entry, body: string | FleetingBody): boolean {
    const put = this.#outbox.put(entry, body)
    if (put === false) {
      this.publish() // so that there will be room
      return false
    }
    if (put !== true) {
      queueMicrotask(() => settle({ entry }, put, undefined))
      return true
    }
    this.#sent++
    if (entry.wait === 'checkpointed') this.#checkpointWanted = true
    if (this.#publishing) return true
    this.#publishing = true
    queueMicrotask(() => this.publish(this.#waits.isWaitedFor || this.#outbox.isWaitedFor(), this.#ringSoon))
    return true
  }

  /**
   * One bell for all that this turn of the event loop brings: to wake a thread costs more than a record, and what comes in
   * one turn shares one fdatasync. Should the turn be long, the nap ends by itself (`COMPANY_MS`).
   */
  readonly #ringSoon = (): void => {
    if (this.#ringing) return
    this.#ringing = true
    setImmediate(() => {
      this.#ringing = false
      this.#outbox.ring()
    })
  }

  #answerWaiters(): void {
    if (this.#origin === undefined) return
    this.#waits.progress(this.#accepted, this.#waiting.length, this.#outbox.length, this.#sent, () => this.publish())
  }
}

/** Built once and kept, since there may be no room for it yet. Undefined, and settled soon, when there is none. */
function bodyOf(entry: Entry): string | undefined {
  try {
    if (typeof entry.body === 'function') entry.body = entry.body()
    return entry.body as string
  } catch (cause) {
    queueMicrotask(() => settle({ entry }, unserialisable(entry.event, cause), undefined))
    return undefined
  }
}
