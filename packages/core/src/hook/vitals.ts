// How an audit is doing: heartbeats, losses told as soon as writing works again, and health.
import type { Health } from '../audit.js'
import type { TrailproofError } from '../errors.js'
import type { AnyLog } from '../log/begin-log.js'
import type { LogHealth, LogState, Timers } from '../log/log.js'
import type { Unwritten } from '../policy/declared.js'
import type { BreakGlass } from '../policy/override.js'
import type { Upkeep } from '../upkeep/upkeep.js'
import type { Counters, Slow } from './coverage.js'

export interface VitalsParts {
  log: AnyLog
  counters: Counters
  stalledAfterMs: number
  /** Writes a record of the audit's own; see Recorder. */
  own(
    event: 'audit.heartbeat' | 'audit.dropped' | 'audit.slow',
    data: Record<string, unknown>,
    more?: { lost?: () => void },
  ): boolean
  override: BreakGlass
  timers: Timers
}

const TELL_AGAIN_MS = 1000

export class Vitals {
  /** The log that was found on opening was damaged; this one was begun in its place. */
  damaged: TrailproofError | undefined
  /** Why retention could not remove what is too old. */
  unretained: TrailproofError | undefined
  closing = false
  /** Unset where the log is not kept in a folder, or upkeep is off. */
  upkeep: Upkeep | undefined
  readonly #begun = performance.now()
  #gate: Health['gate'] = 'unused'
  #telling = false
  #later: { cancel(): void } | undefined

  readonly #parts: VitalsParts

  constructor(parts: VitalsParts) {
    this.#parts = parts
  }

  sawGate(kind: 'socket' | 'none'): void {
    if (this.#gate !== 'none') this.#gate = kind
  }

  failing(): boolean {
    const { state } = this.#parts.log
    return state === 'failing' || state === 'stalled' || state === 'closed' || this.#opensSlowly(state)
  }

  /** Bringing a log back may take its time; requests need not wait for it one by one. */
  #opensSlowly(state: LogState): boolean {
    return state === 'opening' && performance.now() - this.#begun > this.#parts.stalledAfterMs
  }

  /**
   * @param n number of the newest observation
   * @param unwritten what policy kept out of the log
   */
  beat(n: number, unwritten: Unwritten): void {
    this.tellLosses()
    const { counters, log, own } = this.#parts
    const { queuedRecords: queued, signEveryMs } = log.health()
    const data = {
      counts: counters.counts(),
      n,
      hooks: counters.hookNames(),
      queued,
      ...(signEveryMs !== undefined && { signer: { sign_every_ms: signEveryMs } }),
      none: unwritten.list(),
      upkeep: this.upkeep?.last,
    }
    if (own('audit.heartbeat', data)) unwritten.told()
  }

  /** Once everything queued by now is durable, there is room to tell what is not there. */
  tellSoon(): void {
    if (this.#telling) return
    this.#telling = true
    const tell = () => {
      this.#telling = false
      this.tellLosses()
    }
    this.#parts.log.flush().then(tell, tell)
  }

  /** As soon as writing works again, the log itself says what is missing from it. */
  tellLosses(): void {
    const { log, counters, own, override } = this.#parts
    if (log.state !== 'writing') return
    const told = override.tell()
    const dropped = counters.takeDrops()
    const giveBack = () => void (dropped && counters.giveBackDrops(dropped))
    const droppedTold = !dropped || own('audit.dropped', { by_event: dropped }, { lost: giveBack })
    if (!droppedTold) giveBack()
    const slow = counters.takeSlow()
    const again = () => void (slow && counters.giveBackSlow(slow))
    const slowTold = !slow || own('audit.slow', slowData(slow), { lost: again })
    if (!slowTold) again()
    if (!told || !droppedTold || !slowTold) this.#tellLater()
  }

  /** There was no room. It is tried again after a while, not at once: room may take a checkpoint. */
  #tellLater(): void {
    this.#later ??= this.#parts.timers.after(TELL_AGAIN_MS, () => {
      this.#later = undefined
      this.tellLosses()
    })
  }

  health(): Omit<Health, 'anchors'> {
    const log = this.#parts.log.health()
    const { dropped, slow } = this.#parts.counters.totals()
    const override = this.#parts.override.health()
    const problems = [...this.#problems(log, dropped)]
    if (override)
      problems.push({
        code: 'audit.override',
        message: `nothing is refused until ${override.until}: ${override.reason}`,
      })
    const status = problems.length ? 'red' : 'green'
    const counts = this.#parts.counters.counts()
    return {
      status,
      problems,
      log,
      gate: this.#gate,
      counts,
      dropped,
      slow,
      upkeep: this.upkeep?.last ?? 'none',
      ...(override && { override }),
    }
  }

  *#problems({ state, lastError: error, signerError }: LogHealth, dropped: number): Iterable<Health['problems'][0]> {
    const damage = this.upkeep?.damage
    if (damage) yield { code: damage.code, message: damage.message }
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

function slowData({ byEvent, longestMs }: Slow): Record<string, unknown> {
  const waits = Object.values(byEvent).reduce((sum, count) => sum + count, 0)
  return { waits, by_event: byEvent, longest_ms: longestMs }
}
