// Who waits for more than his own line: for everything so far to be durable, or to be below a checkpoint.
import type { TrailproofError } from '../../errors.js'
import type { Entry, Receipt } from '../entry.js'
import type { Log } from '../log.js'
import { asCheckpointError, closedError } from '../log-errors.js'
import { settle } from '../queue.js'

/** Somebody who waits for all entries up to number `position`. */
interface Waiter {
  position: number
  checkpoint: boolean
  /** The checkpoint that was asked for on its behalf. */
  order: number | undefined
  resolve(): void
  reject(error: TrailproofError): void
}

/** Durable, and settled once a checkpoint covers it: the `number`-th entry that was sent. */
interface Awaiting {
  entry: Entry
  receipt: Receipt
  number: number
}

export class Waits {
  readonly #ask: (id: number) => void
  #awaiting: Awaiting[] = []
  #waiters: Waiter[] = []
  readonly #orders = new Map<number, number>() // checkpoints asked for: id to number of entries sent by then
  #lastId = 0

  /** @param ask - asks the log's thread for a checkpoint over everything published; `answered` is called with its id */
  constructor(ask: (id: number) => void) {
    this.#ask = ask
  }

  /** Entries that are durable and wait for a checkpoint. */
  get length(): number {
    return this.#awaiting.length
  }

  /** Does somebody wait for more than a line of his own? */
  get isWaitedFor(): boolean {
    return this.#waiters.length > 0
  }

  /** Is a checkpoint under way? */
  get asked(): boolean {
    return this.#orders.size > 0
  }

  /** Keeps a durable entry until a checkpoint covers it; one must have been asked for. */
  keep(entry: Entry, receipt: Receipt, number: number): void {
    this.#awaiting.push({ entry, receipt, number })
  }

  wait(position: number, checkpoint: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ position, checkpoint, order: undefined, resolve, reject })
    })
  }

  /** @param sent - entries sent so far, of which the first `sent` will be covered */
  order(sent: number): number {
    const id = ++this.#lastId
    this.#orders.set(id, sent)
    this.#ask(id)
    return id
  }

  answered(id: number, error: TrailproofError | undefined): void {
    const covered = this.#orders.get(id) ?? 0
    this.#orders.delete(id)
    const all = this.#awaiting
    this.#awaiting = all.filter(({ number }) => number > covered)
    for (const one of all)
      if (one.number <= covered) settle(one, error && asCheckpointError(error), error ? undefined : one.receipt)
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.order !== id) return true
      if (error) waiter.reject(error)
      else waiter.resolve()
      return false
    })
  }

  /**
   * Answers whom it can, and asks for a checkpoint for those whose entries have all been sent.
   *
   * @param left - entries of those accepted that were not sent yet
   * @param publish - hands what was sent to the log's thread
   */
  progress(accepted: number, left: number, underWay: number, sent: number, publish: () => void): void {
    if (this.#waiters.length === 0) return
    const gone = accepted - left
    let order: number | undefined
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.checkpoint && gone - underWay >= waiter.position) waiter.resolve()
      if (!waiter.checkpoint) return gone - underWay < waiter.position
      if (waiter.order !== undefined || gone < waiter.position) return true
      if (order === undefined) publish()
      waiter.order = order ??= this.order(sent)
      return true
    })
  }

  /** Nothing more will be written or signed. */
  end(error: TrailproofError | undefined): void {
    const left = error ?? closedError()
    for (const one of this.#awaiting.splice(0))
      settle(one, error && asCheckpointError(left), error ? undefined : one.receipt)
    for (const waiter of this.#waiters.splice(0))
      if (error) waiter.reject(left)
      else waiter.resolve()
  }

  /** Everyone waits for another log from now on. */
  handOver(log: Log): void {
    for (const { entry, receipt } of this.#awaiting.splice(0))
      log.checkpoint().then(
        () => settle({ entry }, undefined, receipt),
        (error) => settle({ entry }, asCheckpointError(error), undefined),
      )
    for (const { checkpoint, resolve, reject } of this.#waiters.splice(0))
      (checkpoint ? log.checkpoint() : log.flush()).then(resolve, reject)
    this.#orders.clear()
  }
}
