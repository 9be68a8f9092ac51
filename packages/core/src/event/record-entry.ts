// A record on its way into the log, and whoever waits for it there: one object per record, since there may be many.
import type { TrailproofError } from '../errors.js'
import type { Counters } from '../hook/coverage.js'
import type { Entry, Receipt } from '../log/entry.js'
import { Deadline } from '../policy/deadlines.js'

/** What the log answered: a receipt, or the error that kept the record out. */
export type Answer = Receipt | TrailproofError

export class RecordEntry extends Deadline implements Entry {
  bytes: number
  ready?: () => Promise<void>
  /** Undefined until the log has answered. */
  answer: Answer | undefined
  /** Told once: the answer, or undefined when the time to wait for it was over. */
  waiter: ((answer: Answer | undefined) => void) | undefined

  constructor(
    readonly id: string,
    readonly event: string,
    readonly hook: string,
    readonly wait: Entry['wait'],
    /** Undefined for the audit's own records, which are not observations. */
    private readonly counters: Counters | undefined,
    public body: Entry['body'],
  ) {
    super()
    this.bytes = typeof body === 'object' ? body.end - body.start : body.length
  }

  settled(error: TrailproofError | undefined, receipt: Receipt | undefined): void {
    if (receipt) this.counters?.recorded(this.hook)
    else this.counters?.dropped(this.hook, this.event)
    this.answer = receipt ?? error!
    this.callOff()
    this.#tell(this.answer)
  }

  late(): void {
    this.#tell(undefined)
  }

  /** Tells whoever waits, for the first and last time. */
  #tell(answer: Answer | undefined): void {
    const { waiter } = this
    this.waiter = undefined
    waiter?.(answer)
  }
}
