// A record on its way into the log, and whoever waits for it there: one object per record, since there may be many.
import type { TrailproofError } from '../errors.js'
import type { Counters, Counts } from '../hook/coverage.js'
import type { Entry, FleetingBody, Receipt } from '../log/entry.js'
import { Deadline } from '../policy/deadlines.js'

/** What the log answered: a receipt, or the error that kept the record out. */
export type Answer = Receipt | TrailproofError

export class RecordEntry extends Deadline implements Entry {
  body: Entry['body'] = ''
  bytes = 0
  ready: (() => Promise<void>) | undefined = undefined
  rotatesKey?: boolean
  /** Undefined until the log has answered. */
  answer: Answer | undefined
  /** Called when it was accepted and could not be written after all. */
  lost: (() => void) | undefined
  /** Told once: the answer, or undefined when the time to wait for it was over. */
  waiter: ((answer: Answer | undefined) => void) | undefined

  readonly #counters: Counters | undefined
  readonly #counts: Counts | undefined

  constructor(
    readonly id: string,
    readonly event: string,
    readonly hook: string,
    readonly wait: Entry['wait'],
    /** Undefined for the audit's own records, which are not observations. */
    counters: Counters | undefined,
    /** Observations that it stands for; undefined for one that it tells in full. */
    private readonly stands?: number,
  ) {
    super()
    this.#counters = counters
    this.#counts = counters?.of(hook)
  }

  /** Takes a body that is complete. */
  holds(body: string | FleetingBody): void {
    this.body = body
    this.bytes = typeof body === 'string' ? body.length : body.end - body.start
  }

  settled(error: TrailproofError | undefined, receipt: Receipt | undefined): void {
    if (!receipt) this.#counters?.dropped(this.hook, this.event, this.stands)
    else if (this.stands !== undefined) this.#counters?.declared(this.hook, this.stands)
    else if (this.#counts) this.#counts.recorded++
    if (!receipt) this.lost?.()
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
