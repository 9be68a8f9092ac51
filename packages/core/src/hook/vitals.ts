// How an audit is doing: heartbeats, losses told as soon as writing works again, and health.
import type { Health } from '../audit.js'
import type { TrailproofError } from '../errors.js'
import type { AnyLog } from '../log/begin-log.js'
import type { LogHealth, LogState } from '../log/log.js'
import type { Counters } from './coverage.js'

type Own = (event: 'audit.heartbeat' | 'audit.dropped' | 'audit.slow', data: Record<string, unknown>) => boolean

export class Vitals {
  /** The log that was found on opening was damaged; this one was begun in its place. */
  damaged: TrailproofError | undefined
  /** Why retention could not remove what is too old. */
  unretained: TrailproofError | undefined
  closing = false
  readonly #begun = performance.now()
  #gate: Health['gate'] = 'unused'
  #telling = false

  constructor(
    private readonly log: AnyLog,
    private readonly counters: Counters,
    private readonly stalledAfterMs: number,
    private readonly own: Own,
  ) {}

  sawGate(kind: 'socket' | 'none'): void {
    if (this.#gate !== 'none') this.#gate = kind
  }

  failing(): boolean {
    const { state } = this.log
    return state === 'failing' || state === 'stalled' || state === 'closed' || this.#opensSlowly(state)
  }

  /** Bringing a log back may take its time; requests need not wait for it one by one. */
  #opensSlowly(state: LogState): boolean {
    return state === 'opening' && performance.now() - this.#begun > this.stalledAfterMs
  }

  /** @param n number of the newest observation */
  beat(n: number): void {
    this.tellLosses()
    const hooks = Object.keys(this.counters.coverage().hooks)
    const { queuedRecords: queued, signEveryMs } = this.log.health()
    const signer = signEveryMs !== undefined && { signer: { sign_every_ms: signEveryMs } }
    this.own('audit.heartbeat', { counts: this.counters.counts(), n, hooks, queued, ...signer })
  }

  /** Once everything queued by now is durable, there is room to tell what is not there. */
  tellSoon(): void {
    if (this.#telling) return
    this.#telling = true
    const tell = () => {
      this.#telling = false
      this.tellLosses()
    }
    this.log.flush().then(tell, tell)
  }

  /** As soon as writing works again, the log itself says what is missing from it. */
  tellLosses(): void {
    if (this.log.state !== 'writing') return
    const dropped = this.counters.untoldDrops()
    if (dropped && this.own('audit.dropped', { by_event: dropped })) this.counters.dropsTold(dropped)
    const slow = this.counters.untoldSlow()
    if (slow && this.own('audit.slow', { waits: slow })) this.counters.slowTold(slow)
  }

  health(): Omit<Health, 'anchors'> {
    const log = this.log.health()
    const { dropped, slow } = this.counters.totals()
    const problems = [...this.#problems(log, dropped)]
    const status = problems.length ? 'red' : 'green'
    return { status, problems, log, gate: this.#gate, counts: this.counters.counts(), dropped, slow }
  }

  *#problems({ state, lastError: error, signerError }: LogHealth, dropped: number): Iterable<Health['problems'][0]> {
    if (this.damaged) yield { code: this.damaged.code, message: this.damaged.message }
    if (signerError) yield { code: signerError.code, message: signerError.message }
    if ((state === 'failing' || state === 'stalled') && error !== signerError)
      yield { code: error?.code ?? 'TRAILPROOF_WRITE_FAILED', message: error?.message ?? `the log is ${state}` }
    if (this.#opensSlowly(state)) yield { code: 'TRAILPROOF_WRITE_TIMEOUT', message: 'the log is still being opened' }
    if (state === 'closed' && !this.closing) yield { code: 'TRAILPROOF_CLOSED', message: 'the log has given up' }
    if (this.unretained) yield { code: this.unretained.code, message: this.unretained.message }
    if (dropped) yield { code: 'TRAILPROOF_QUEUE_FULL', message: `${dropped} records were lost` }
  }
}
