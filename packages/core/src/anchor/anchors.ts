// The anchors of an audit, from asking them before the log is opened to the last attempt when it is closed. All of it runs
// beside the log: it reads what the log has synced, and the log knows nothing of it.
import type { Health } from '../audit.js'
import type { TrailproofError } from '../errors.js'
import { systemTimers, type Timers } from '../log/timers.js'
import type { Elsewhere, Evidence, Lease, OpenRequest, Writer } from '../writers/writer.js'
import type { Anchor } from './anchor.js'
import { Lane } from './lane.js'
import { limited } from './limited.js'
import { type OwnLog, ownCheckpoint } from './own-checkpoint.js'

/** An anchor that does not answer may hold up the opening of a log so long; requests wait as their policy says. */
const ASK_MS = 5000
/** All last attempts together, when the audit is closed. */
const LAST_ATTEMPTS_MS = 3000

type Told = 'audit.sink_failed' | 'audit.sink_recovered'

export interface AnchorsOptions {
  anchors: readonly { anchor: Anchor; everyMs: number }[]
  writer: Writer
  /** Of the keys in use, 32 bytes each. */
  publicKeys: readonly Uint8Array[]
  /** Failures that last longer make health red. */
  redAfterMs: number
  /** One of the audit's own records. */
  tell(event: Told, data: Record<string, unknown>): void
  /** An anchor has a checkpoint of the running log's own key that the log does not contain. @returns true: it is frozen */
  contradicted(): boolean
  timers?: Timers
  /** Wall clock, milliseconds. */
  wall?(): number
}

export class Anchors {
  readonly #options: AnchorsOptions
  readonly #timers: Timers
  readonly #lanes: Lane[]
  #evidence: Evidence | undefined
  #asked: Promise<void> | undefined
  #elsewhere: Elsewhere[] = []
  #origin: string | undefined // of the log that is published
  #isFutile = false // the slot was opened anew for what an anchor had shown, and held the same log
  #closed = false

  constructor(options: AnchorsOptions) {
    this.#options = options
    this.#timers = options.timers ?? systemTimers
    this.#lanes = options.anchors.map(
      ({ anchor, everyMs }) =>
        new Lane({
          anchor,
          everyMs,
          timers: this.#timers,
          wall: options.wall ?? Date.now,
          changed: (lane, error) => this.#changed(lane, error),
          contradicted: (lane, note) => this.#contradicted(lane, note),
        }),
    )
  }

  /** The same lease, which asks the anchors what they know before it opens a log. */
  watch(lease: Lease): Lease {
    this.#evidence = this.#options.writer.evidence?.(lease.slot)
    if (!this.#lanes.length || !this.#evidence) return lease
    const known = (request: OpenRequest) => ({ ...request, elsewhere: this.#elsewhere })
    const asked = async () => {
      this.#asked ??= this.#ask()
      await this.#asked
      return this.#elsewhere
    }
    return {
      slot: lease.slot,
      open: async (request) => {
        await asked()
        return lease.open(known(request))
      },
      ...(lease.share && { share: () => lease.share!() }),
      elsewhere: { asked, heard: () => this.#elsewhere },
      // The process ends: what was heard by now must do.
      ...(lease.openSync && { openSync: (request: OpenRequest) => lease.openSync!(known(request)) }),
      ...(lease.renew && { renew: () => this.watch(lease.renew!()) }),
      release: () => lease.release(),
    }
  }

  /** The log is open under this name: from now on its checkpoints are published. */
  begin(origin: string): void {
    if (!this.#evidence || this.#closed) return
    const own: OwnLog = { origin, publicKeys: this.#options.publicKeys }
    this.#isFutile = this.#origin === origin
    this.#origin = origin
    for (const lane of this.#lanes) {
      const known = this.#elsewhere
        .filter(({ anchor }) => anchor === lane.anchor.name)
        .map(({ note }) => ownCheckpoint(own, note))
      for (const checkpoint of known) if (checkpoint) lane.known(checkpoint)
      lane.begin(own, this.#evidence)
    }
  }

  /** Records below the newest checkpoint that one of these anchors has; undefined when there are none of them. */
  anchoredSize(anchors: readonly Anchor[]): number | undefined {
    const sizes = this.#lanes.filter(({ anchor }) => anchors.includes(anchor)).map((lane) => lane.health(0).size ?? 0)
    return sizes.length ? Math.max(...sizes) : undefined
  }

  /** Tries once more to publish the last checkpoint; never rejects, and takes three seconds at most. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#lanes.map((lane) => lane.close(LAST_ATTEMPTS_MS)))
  }

  /** @param size durable records */
  addTo(health: Omit<Health, 'anchors'>, size: number): Health {
    const problems = this.#lanes.flatMap((lane) => {
      const error = lane.trouble(this.#options.redAfterMs)
      return error ? [{ code: error.code, message: `anchor "${lane.anchor.name}": ${error.message}` }] : []
    })
    return {
      ...health,
      status: problems.length ? 'red' : health.status,
      problems: [...health.problems, ...problems],
      anchors: this.#lanes.map((lane) => lane.health(size)),
    }
  }

  async #ask(): Promise<void> {
    const origins = await this.#evidence!.origins().catch(() => [])
    await Promise.all(
      this.#lanes.flatMap((lane) => (lane.anchor.latest ? origins.map((o) => this.#askOne(lane, o)) : [])),
    )
  }

  async #askOne(lane: Lane, origin: string): Promise<void> {
    const { anchor } = lane
    try {
      const note = await limited((signal) => anchor.latest!(origin, signal), ASK_MS, this.#timers)
      if (typeof note === 'string') this.#elsewhere.push({ anchor: anchor.name, note })
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'an unknown error'
      lane.warning = `could not be asked at the start whether it knows a larger log: ${reason}`
    }
  }

  /** The writer decides, from the lines themselves; where it went on with this log, it is not asked again. */
  #contradicted({ anchor }: Lane, note: string): void {
    if (this.#closed || this.#isFutile) return
    this.#elsewhere.push({ anchor: anchor.name, note })
    if (!this.#options.contradicted()) this.#elsewhere.pop()
  }

  #changed(lane: Lane, error: TrailproofError | undefined): void {
    if (this.#closed) return // the log takes no more records
    const { name, kind } = lane.anchor
    const sink = { sink: name, kind: `anchor.${kind}` }
    if (error) this.#options.tell('audit.sink_failed', { ...sink, code: error.code })
    else this.#options.tell('audit.sink_recovered', sink)
  }
}
