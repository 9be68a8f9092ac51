// A process looks after its own log: once a day it verifies it, once a week it looks at where it is kept. In the background,
// a little at a time. What was done last stands in the log, so that a restart neither repeats nor forgets it.
import { TrailproofError } from '../errors.js'
import type { CatalogueName } from '../event/catalogue.js'
import type { Outcome } from '../event/event.js'
import { formatTime } from '../event/time.js'
import { lastLines } from '../follow/last-lines.js'
import type { Timers } from '../log/timers.js'
import { folderReader } from '../verify/folder-reader.js'
import type { LogReport } from '../verify/report.js'
import { verifyLog } from '../verify/verify-log.js'
import { gentleReader } from './gentle-reader.js'
import { storageFacts } from './storage-facts.js'

const FIRST_LOOK_MS = 30_000
const LOOK_EVERY_MS = 60_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** After a check that could not be done. */
const AGAIN_MS = 3_600_000
/** Among these the newest heartbeat is found, or the checks are simply done. */
const LOOKED_AT = 5000
const TOLD = 10

export interface UpkeepParts {
  folder: string
  origin: string
  /** The public keys that this process signs with, base64: from itself, not from the folder. */
  keys: readonly string[]
  keysDir: string | undefined
  timers: Timers
  /** Milliseconds since 1970. */
  now(): number
  own(
    event: CatalogueName & `audit.${string}`,
    data: Record<string, unknown>,
    more?: { outcome?: Outcome | undefined },
  ): boolean
}

/** When it was done last, RFC 3339; in every heartbeat, for the process that comes next. */
export interface LastDone {
  verified?: string
  storage_checked?: string
}

export class Upkeep {
  last: LastDone = {}
  /** The newest verification failed. */
  damage: TrailproofError | undefined
  readonly #parts: UpkeepParts
  readonly #stop = new AbortController()
  readonly #notBefore: Record<keyof LastDone, number> = { verified: 0, storage_checked: 0 }
  #timer: { cancel(): void }
  #remembered = false

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#timer = parts.timers.after(FIRST_LOOK_MS, () => void this.look())
  }

  /** Does what is due, then waits for the next time. Never rejects. */
  async look(): Promise<void> {
    if (!this.#remembered) await this.#try('verified', () => this.#remember())
    this.#remembered = true
    if (this.#isDue('verified')) await this.#try('verified', () => this.#verify())
    if (this.#isDue('storage_checked')) await this.#try('storage_checked', () => this.#checkStorage())
    if (this.#stop.signal.aborted) return
    this.#timer = this.#parts.timers.after(LOOK_EVERY_MS, () => void this.look())
  }

  close(): void {
    this.#timer.cancel()
    this.#stop.abort()
  }

  /** Daily by the date in UTC, weekly by the time that has gone by; a time that lies ahead was read from a wrong clock. */
  #isDue(what: keyof LastDone): boolean {
    const now = this.#parts.now()
    if (this.#stop.signal.aborted || now < this.#notBefore[what]) return false
    const last = Date.parse(this.last[what] ?? '')
    if (Number.isNaN(last) || last > now + DAY_MS) return true
    return what === 'verified' ? dayOf(now) > dayOf(last) : now - last >= WEEK_MS
  }

  async #try(what: keyof LastDone, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#notBefore[what] = this.#parts.now() + AGAIN_MS
      const event = what === 'verified' ? 'audit.verified' : 'audit.storage_checked'
      this.#parts.own(event, { error: error instanceof Error ? error.message : String(error) }, { outcome: 'error' })
    }
  }

  async #remember(): Promise<void> {
    for (const line of await lastLines(this.#parts.folder, LOOKED_AT)) {
      const text = Buffer.from(line).toString()
      if (!text.includes('"event":"audit.')) continue
      const { event, time, outcome, data } = JSON.parse(text) as Seen
      if (event === 'audit.heartbeat') this.last = { ...this.last, ...timesIn(data?.upkeep) }
      else if (outcome === 'error') continue
      else if (event === 'audit.verified') this.last.verified = time
      else if (event === 'audit.storage_checked') this.last.storage_checked = time
    }
  }

  async #verify(): Promise<void> {
    const began = performance.now()
    let report = await this.#read()
    // What is written, rotated or purged while it is read may look broken: only what is still there is a finding.
    if (report.problems.length > 0) report = await this.#read()
    const { size, root, checkpoints, signed, problems } = report
    const duration_ms = Math.round(performance.now() - began)
    const result = { size, root, checkpoints, signed, trust: 'key', duration_ms }
    this.last.verified = formatTime(this.#parts.now())
    this.damage = damageOf(report)
    if (!this.damage) return void this.#parts.own('audit.verified', result)
    process.emitWarning(this.damage)
    this.#parts.own('audit.integrity_failed', { ...result, by: 'verification', problems: problems.slice(0, TOLD) })
  }

  #read(): Promise<LogReport> {
    const { folder, origin, keys } = this.#parts
    // Not the first key of the log: retention may have removed the record that leads from there to ours.
    return verifyLog(gentleReader(folderReader(folder), this.#stop.signal), { keys, origin })
  }

  async #checkStorage(): Promise<void> {
    const { failed, data } = await storageFacts(this.#parts.folder, this.#parts.keysDir)
    this.last.storage_checked = formatTime(this.#parts.now())
    this.#parts.own('audit.storage_checked', data, { outcome: failed ? 'failure' : undefined })
  }
}

interface Seen {
  event: string
  time: string
  outcome: string
  data?: { upkeep?: LastDone }
}

function timesIn(told: LastDone | undefined): LastDone {
  const { verified, storage_checked } = told ?? {}
  return { ...(verified && { verified }), ...(storage_checked && { storage_checked }) }
}

const dayOf = (ms: number) => Math.floor(ms / DAY_MS)

function damageOf({ problems, name }: LogReport): TrailproofError | undefined {
  const [first] = problems
  if (!first) return undefined
  return new TrailproofError('TRAILPROOF_LOG_CORRUPT', `the log ${name} is damaged: ${first.detail}`, {
    record: 'written',
    problems,
    hint: 'records still go to it; keep the folder as evidence, run `npx trailproof verify`, and restart on a new log',
  })
}
