// A log that can be frozen while it runs. What was queued is written into it, signed, and it is closed; what comes from then
// on waits in the queue of the log that is opened in its place, in the same slot, once the one before is closed.
import type { Lease } from '../writers/writer.js'
import { type AnyLog, beginLog } from './begin-log.js'
import type { LogHealth, LogOptions, LogState } from './log.js'

export class FreezableLog implements AnyLog {
  readonly #options: LogOptions
  #lease: Lease
  #current: AnyLog
  #frozen: AnyLog | undefined // until the log after it is open

  constructor(options: LogOptions) {
    this.#options = options
    this.#lease = options.lease
    this.#current = beginLog(options)
  }

  /**
   * Ends the log that runs and opens the slot anew, which shows whether that one goes on or another is begun (`ready`).
   *
   * @returns false where it cannot be done now: the log is not writing, or its writer cannot open a slot twice
   */
  freeze(): boolean {
    if (this.#frozen || this.#current.state !== 'writing' || !this.#lease.renew) return false
    const frozen = this.#current
    this.#lease = this.#lease.renew()
    const closed = frozen.close().catch(() => {}) // what could not be written was answered for by name
    this.#frozen = frozen
    this.#current = beginLog({ ...this.#options, lease: openedAfter(closed, this.#lease) })
    const opened = () => {
      this.#frozen = undefined
    }
    this.#current.ready.then(opened, opened)
    return true
  }

  get ready() {
    return this.#current.ready
  }

  get state(): LogState {
    const { state } = this.#current
    if (state !== 'opening' || !this.#frozen) return state
    return this.#frozen.state === 'closed' ? 'writing' : this.#frozen.state
  }

  get origin(): string | undefined {
    return this.#current.origin ?? this.#frozen?.origin
  }

  get folder(): string | undefined {
    return this.#current.folder ?? this.#frozen?.folder
  }

  append(entry: Parameters<AnyLog['append']>[0]): boolean {
    return this.#current.append(entry)
  }

  async flush(): Promise<void> {
    await this.#after((log) => log.flush())
  }

  async checkpoint(): Promise<void> {
    await this.#after((log) => log.checkpoint())
  }

  close(): Promise<void> {
    return this.#current.close() // is not through before the log in its place was opened, after the one before was closed
  }

  finishSync(timeoutMs: number): boolean {
    const until = performance.now() + timeoutMs
    const frozen = this.#frozen?.finishSync(timeoutMs) ?? true
    return this.#current.finishSync(until - performance.now()) && frozen
  }

  health(): LogHealth {
    const health = this.#current.health()
    const frozen = this.#frozen?.health()
    if (!frozen) return health
    const queuedRecords = health.queuedRecords + frozen.queuedRecords
    const queuedBytes = health.queuedBytes + frozen.queuedBytes
    return { ...(this.#current.state === 'opening' ? frozen : health), state: this.state, queuedRecords, queuedBytes }
  }

  /** What was appended before the freeze has its answer from the log that is being closed. */
  #after(wait: (log: AnyLog) => Promise<void>): Promise<unknown> {
    return Promise.all([this.#frozen?.close(), wait(this.#current)])
  }
}

/** The same lease, whose log is opened once the one before it is closed; at the end of a process that was seen to already. */
function openedAfter(closed: Promise<void>, lease: Lease): Lease {
  return {
    slot: lease.slot,
    open: async (request) => {
      await closed
      return lease.open(request)
    },
    ...(lease.openSync && { openSync: (request) => lease.openSync!(request) }),
    ...(lease.share && { share: () => lease.share!() }),
    elsewhere: {
      asked: async () => {
        await closed
        return (await lease.elsewhere?.asked()) ?? []
      },
      heard: () => lease.elsewhere?.heard() ?? [],
    },
    release: () => lease.release(),
  }
}
