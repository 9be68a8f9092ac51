// The pipeline: an observation becomes a record, the record an entry of the log, and the log's answer a verdict.
//
//   observe / record ─► number (n) ─► policy ─► copy, bound, redact ─► references ─► log ─► durable ─► verdict, receipt
//
// Nothing here waits for the disk, and nothing throws into a hook.
import { randomBytes } from 'node:crypto'
import type { AuditCore, Observation, Verdict } from './adapter.js'
import type { Anchor } from './anchor/anchor.js'
import { Anchors } from './anchor/anchors.js'
import { HIGH_WATER_EVERY_MS, highWaterMark } from './anchor/high-water.js'
import type { Health, Opened } from './audit.js'
import { TrailproofError } from './errors.js'
import { type CatalogueName, isEventName } from './event/catalogue.js'
import { checkEvent, withoutNonsense } from './event/check.js'
import { EntryMaker } from './event/entry-maker.js'
import type { AuditEvent, Identity, Outcome } from './event/event.js'
import { Ids } from './event/id.js'
import type { LogRecord } from './event/log-record.js'
import type { Answer, RecordEntry } from './event/record-entry.js'
import { type Clock, formatTime } from './event/time.js'
import { Counters } from './hook/coverage.js'
import { CoverageTeller } from './hook/coverage-teller.js'
import { Vitals } from './hook/vitals.js'
import { quietly } from './hook/wrap.js'
import { currentContext, type RequestContext } from './http/context.js'
import { DeviceCookies } from './http/device.js'
import { FreezableLog } from './log/freezable-log.js'
import type { Entry, Receipt } from './log/log.js'
import { queueFull } from './log/log-errors.js'
import { openedFrom, openingRecords } from './log/opening.js'
import { KEY_ROTATED } from './log/rotation.js'
import type { Settings } from './options.js'
import { Deadlines } from './policy/deadlines.js'
import { BreakGlass } from './policy/override.js'
import { compilePolicy, type Policy } from './policy/policy.js'
import { type RecordReceipt, type WaitFor, withoutReceipt } from './policy/receipt.js'
import { Thinning } from './policy/thinning.js'
import { LATE, onAnswer, verdictOf, within } from './policy/verdict.js'
import { checkDay, fileKeyStore } from './privacy/key-store.js'
import { loadKeys } from './privacy/keys.js'
import { Pseudonyms } from './privacy/pseudonyms.js'
import { KnownRevoked } from './privacy/revoked.js'
import { DailyRetention } from './retention/daily.js'
import { Upkeep } from './upkeep/upkeep.js'
import type { Head, Retained, RetainRequest, Writer } from './writers/writer.js'

/** Observations of one request beyond this are dropped and counted: a loop must not become a flood. */
const MOST_PER_REQUEST = 1000

/** A disk that does not answer must not keep an application from ending. */
const CLOSE_MS = 10_000

const NOW = Promise.resolve()

export class Recorder {
  readonly counters = new Counters(() => this.#vitals.tellSoon())
  readonly pseudonyms: Pseudonyms
  readonly ready: Promise<Opened>
  readonly requestFacts: AuditCore['requestFacts']
  readonly #clock: Clock
  readonly #log: FreezableLog
  readonly #entries: EntryMaker
  readonly #deadlines = new Deadlines()
  readonly #revoked = new KnownRevoked()
  readonly #perRequest = new WeakMap<RequestContext, number>()
  readonly #heartbeat: NodeJS.Timeout | undefined
  readonly #vitals: Vitals
  readonly #coverage: CoverageTeller
  readonly #anchors: Anchors
  readonly #given: readonly Anchor[]
  readonly #writer: Writer
  readonly #retention: DailyRetention | undefined
  readonly #policies: (event: string) => Policy
  readonly #thinning: Thinning
  readonly #opened: (head: Head) => Opened
  readonly override: BreakGlass
  #n = 0

  constructor(settings: Settings, clock: Clock) {
    this.#clock = clock
    this.#writer = settings.writer
    this.#policies = compilePolicy(settings.policy)
    const keys = loadKeys(settings.keys)
    const store = settings.keys.store ?? fileKeyStore(keys.dir)
    this.pseudonyms = new Pseudonyms(keys.derive, store)
    const devices = new DeviceCookies([keys.derive('device cookie')], settings.device, () => clock.now())
    const ids = new Ids()
    this.#entries = new EntryMaker(settings, clock, this.pseudonyms, devices, this.counters, ids)
    const { name } = settings.service
    const stalledAfterMs = Math.max(100, this.#policies('login.succeeded').waitAtMostMs)
    this.#given = settings.anchors
    // Keys and salts that are not in our folder are somebody else's to keep; so is the mark beside them.
    const mark = settings.writer.kind === 'file' && settings.writer.evidence && !settings.keys.store
    const publicKeys = [keys.signing, keys.previousSigning].flatMap((key) => key?.publicKey ?? [])
    this.#anchors = new Anchors({
      anchors: [
        ...(mark ? [{ anchor: highWaterMark(keys.dir, publicKeys), everyMs: HIGH_WATER_EVERY_MS }] : []),
        ...settings.anchors.map((anchor) => ({ anchor, everyMs: settings.anchorEveryMs })),
      ],
      writer: settings.writer,
      publicKeys,
      redAfterMs: settings.anchorRedAfterMs,
      tell: (event, data) => this.own(event, data),
      contradicted: () => this.#freeze(),
    })
    this.#log = new FreezableLog({
      lease: this.#anchors.watch(settings.writer.lease(name)),
      service: name,
      key: keys.signing,
      previousKey: keys.previousSigning,
      limits: { maxQueuedBytes: settings.limits.queueBytes, maxQueuedRecords: settings.limits.queueRecords },
      stalledAfterMs,
      preamble: (head, origin) =>
        openingRecords(head, origin, settings, keys).map(({ event, data, outcome }) => {
          const entry = this.#entries.own(event, data, outcome)
          if (event === KEY_ROTATED) entry.rotatesKey = true
          return entry
        }),
      onState: (state) => state === 'writing' && queueMicrotask(() => this.#vitals.tellLosses()),
      randomId: () => randomBytes(6).toString('hex'),
    })
    const shared = {
      timers: settings.timers,
      now: () => clock.now(),
      identify: (user: unknown) => this.identify(user),
      write: (o: Observation) => this.#append(o, o.declared ? 'hook' : 'audit'),
      lost: (o: Observation, count: number) => this.counters.dropped(o.hook, o.event, count),
    }
    this.#thinning = new Thinning({
      ...shared,
      key: keys.derive('sample'),
      sessionRef: (id) => this.pseudonyms.of('session', id),
      tokenRef: (value) => this.pseudonyms.of('token', value),
    })
    this.override = new BreakGlass(shared)
    this.#vitals = new Vitals({
      log: this.#log,
      counters: this.counters,
      stalledAfterMs,
      own: (event, data, more) => this.own(event, data, more),
      override: this.override,
      timers: settings.timers,
    })
    this.#coverage = new CoverageTeller({
      coverage: () => this.counters.coverage(),
      own: (event, data) => this.own(event, data),
      timers: settings.timers,
    })
    this.#opened = (head) => {
      const opened = openedFrom(head, this.#log.origin!, keys.signing.publicKey)
      this.#vitals.damaged = opened.damaged ?? this.#vitals.damaged
      if (opened.damaged) process.emitWarning(opened.damaged)
      this.#anchors.begin(opened.origin)
      this.#vitals.upkeep?.close()
      if (settings.upkeep && this.#log.folder !== undefined && !this.#vitals.closing)
        this.#vitals.upkeep = new Upkeep({
          folder: this.#log.folder,
          origin: opened.origin,
          keys: publicKeys.map((key) => Buffer.from(key).toString('base64')),
          keysDir: settings.keys.root && settings.keys.signing ? undefined : keys.dir,
          timers: settings.timers,
          now: shared.now,
          own: (event, data, more) => this.own(event, data, more),
        })
      return opened
    }
    this.ready = this.#log.ready.then(this.#opened)
    this.ready.catch(() => {}) // health() says it too
    this.requestFacts = {
      newRequestId: () => ids.make(clock.now()),
      gateBytes: settings.limits.gateBytes,
      opened: (context) => this.#requestOpened(context),
    }
    if (settings.retention) {
      const { days } = settings.retention
      const remove = () => this.retain({ olderThanDays: days, by: 'option retention' })
      this.#retention = new DailyRetention(remove, (error) => (this.#vitals.unretained = error))
    }
    if (settings.heartbeatEveryMs > 0) {
      this.#heartbeat = setInterval(() => {
        this.#beat()
        this.#coverage.again()
      }, settings.heartbeatEveryMs)
      this.#heartbeat.unref()
    }
  }

  // ── what hooks see ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The policy in force: under an override nothing is refused. */
  policyFor(event: string): Policy {
    const policy = this.#policies(event)
    return policy.onFailure === 'refuse' && this.override.active ? { ...policy, onFailure: 'continue' } : policy
  }

  /** Records what a hook saw, and holds this request's response as the policy asks. Never throws, never rejects. */
  observe(seen: Observation): Promise<Verdict> {
    const n = ++this.#n
    let refusing = false
    let counted = false
    let o = seen
    try {
      o = withoutNonsense(this.#reuse(seen))
      if (!isEventName(o.event) || !isHookName(o.hook)) throw new TypeError('no name of an event or a hook')
      const policy = this.#policies(o.event)
      refusing = policy.onFailure === 'refuse'
      const context = o.context === null ? undefined : (o.context ?? currentContext())
      this.counters.seen(o.hook, o.event)
      counted = true
      const weighed = this.#thinning.weigh(o, policy, context, n)
      if (!weighed.write) return this.#counted(o, context, policy)
      const verdict = this.#send(o, context, policy, n, weighed.written)
      if (context && (policy.wait === 'durable' || refusing)) context.gate.holdUntil(verdict, refusing)
      return verdict
    } catch {
      const [hook, event] = [nameOf(() => o.hook), nameOf(() => o.event)]
      if (!counted) this.counters.seen(hook, event)
      this.counters.dropped(hook, event)
      return Promise.resolve(refusing && !this.override.lets(event, undefined) ? 'refuse' : 'go')
    }
  }

  /** What is counted waits for nobody; under `refuse` it still needs a log that works. */
  #counted(o: Observation, context: RequestContext | undefined, { record, onFailure }: Policy): Promise<Verdict> {
    if (record === 'none') this.counters.declared(o.hook)
    else if (onFailure === 'refuse' && this.failing())
      return this.#unlessOverridden(Promise.resolve('refuse'), o, context)
    return Promise.resolve('go')
  }

  #send(
    o: Observation,
    context: RequestContext | undefined,
    policy: Policy,
    n: number,
    written?: (id: string) => void,
  ): Promise<Verdict> {
    if (context && !this.#admit(context)) {
      this.counters.dropped(o.hook, o.event)
      const verdict: Verdict = policy.onFailure === 'refuse' ? 'refuse' : 'go'
      return this.#unlessOverridden(Promise.resolve(verdict), o, context)
    }
    // Known before this record is queued: a log that is failing now is not waited for.
    const failing = this.failing()
    const entry = this.#queue(o, 'hook', 'durable', context, n)
    written?.(entry.id)
    const slow = () => this.#slow(entry, policy.waitAtMostMs)
    const verdict = verdictOf(entry, policy, failing, this.#deadlines, slow)
    return policy.onFailure === 'refuse' ? this.#unlessOverridden(verdict, o, context) : verdict
  }

  async #unlessOverridden(
    verdict: Promise<Verdict>,
    { event }: Observation,
    context: RequestContext | undefined,
  ): Promise<Verdict> {
    return (await verdict) === 'refuse' && !this.override.lets(event, context) ? 'refuse' : 'go'
  }

  /** A wait ended too early; how long it takes in truth is told as well. */
  #slow(entry: RecordEntry, waitedMs: number): void {
    const began = performance.now() - waitedMs
    this.counters.waited(waitedMs)
    entry.waiter = () => this.counters.waited(performance.now() - began)
    this.counters.slow(entry.event)
  }

  /** A revoked token that verifies is no ordinary verification. */
  #reuse(o: Observation): Observation {
    if (o.event !== 'token.verified' || !o.token) return o
    const { value, jti } = o.token
    const named = [value, typeof jti === 'string' && jti !== '' ? `jti ${jti}` : undefined]
    return named.some((v) => typeof v === 'string' && v !== '' && this.#revoked.has(this.pseudonyms.of('token', v)))
      ? { ...o, event: 'token.reuse_detected' }
      : o
  }

  // ── what the application says ─────────────────────────────────────────────────────────────────────────────────────

  record(said: AuditEvent, wait?: WaitFor): Promise<RecordReceipt> {
    try {
      const event = checkEvent(said, wait)
      const context = currentContext()
      const failing = this.failing()
      const n = ++this.#n
      this.counters.seen('app', event.event)
      const entry = this.#queueFor(event, wait, context, n)
      const patient = wait === undefined ? !failing : wait !== 'queued'
      return patient ? this.#patiently(entry, context, wait) : this.#atOnce(entry, context, wait)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #patiently(
    entry: RecordEntry,
    context: RequestContext | undefined,
    wait: WaitFor | undefined,
  ): Promise<RecordReceipt> {
    const { waitAtMostMs } = this.#policies(entry.event)
    return new Promise((resolve, reject) => {
      onAnswer(entry, waitAtMostMs, this.#deadlines, (answer) => {
        if (!answer) this.#slow(entry, waitAtMostMs)
        try {
          resolve(this.#receipt(entry, answer, context, wait))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #atOnce(entry: RecordEntry, context: RequestContext | undefined, wait: WaitFor | undefined): Promise<RecordReceipt> {
    // A closed log says so in a microtask of its own, queued before this one.
    return NOW.then(() => this.#receipt(entry, entry.answer, context, wait))
  }

  #receipt(
    { id, event }: RecordEntry,
    answer: Answer | undefined,
    context: RequestContext | undefined,
    wait: WaitFor | undefined,
  ): RecordReceipt {
    const failed = answer instanceof TrailproofError
    if (wait === 'queued' && !failed) return { id, state: 'queued' }
    if (!answer || failed) {
      const policy = this.policyFor(event)
      if (policy !== this.#policies(event)) this.override.lets(event, context)
      return withoutReceipt(id, event, policy, wait, answer)
    }
    return { id, state: wait ?? 'durable', origin: answer.origin, index: answer.index, leafHash: answer.leafHash }
  }

  #queueFor(event: AuditEvent, wait: WaitFor | undefined, context: RequestContext | undefined, n: number): RecordEntry {
    try {
      const toWait = wait === 'checkpointed' ? wait : 'durable'
      return this.#queue(this.#observationOf(event), 'app', toWait, context, n)
    } catch (cause) {
      this.counters.dropped('app', event.event)
      throw new TrailproofError('TRAILPROOF_EVENT_INVALID', `the record of "${event.event}" cannot be made`, {
        cause,
        issues: [{ path: '', message: 'cannot be read' }],
      })
    }
  }

  /** Field by field: each is read once, and whatever else the object holds stays there. */
  #observationOf(event: AuditEvent): Observation {
    const { token } = event
    return {
      event: event.event,
      hook: 'app',
      outcome: event.outcome,
      severity: event.severity,
      reason: event.reason,
      actor: event.actor,
      onBehalfOf: event.onBehalfOf,
      claimed: event.claimed,
      target: event.target,
      auth: event.auth,
      session: event.session,
      token: typeof token === 'string' ? this.#tokenNamed(token) : token,
      tenant: event.tenant,
      data: event.data,
    }
  }

  tokenRevoked(token: string, more: Omit<AuditEvent, 'event' | 'token'> = {}): Promise<RecordReceipt> {
    if (typeof token === 'string') {
      this.#revoked.add(this.pseudonyms.of('token', token))
      this.#revoked.add(this.pseudonyms.of('token', `jti ${token}`))
    }
    return this.record({ ...more, event: 'token.revoked', token })
  }

  /** A bare name is a token or a `jti`; tokens have dots or are long. */
  #tokenNamed(text: string): { value?: string; jti?: string; verified: boolean } {
    return text.includes('.') || text.length > 64 ? { value: text, verified: false } : { jti: text, verified: false }
  }

  /**
   * One of the audit's own records; it waits for nobody.
   *
   * @param more.lost called when it was accepted and could not be written after all; default: the loss is counted
   * @returns false when it was not accepted
   */
  own(
    event: CatalogueName & `audit.${string}`,
    data: Record<string, unknown>,
    { lost, outcome }: { lost?: () => void; outcome?: Outcome | undefined } = {},
  ): boolean {
    const entry = this.#entries.own(event, data, outcome)
    const count = () => this.counters.droppedOwn(event)
    entry.lost = lost ?? count
    const accepted = this.#log.append(entry)
    if (!accepted && !lost) count()
    return accepted
  }

  #append(o: Observation, source: LogRecord['source']): boolean {
    return this.#log.append(this.#entries.make(o, source, 'durable'))
  }

  /**
   * Removes records that are older than the limit, under records of the log's own.
   *
   * @throws TRAILPROOF_NOT_PURGED, or what kept the record out of the log; what was removed before stays removed, and recorded
   */
  async retain({ olderThanDays, by }: Pick<RetainRequest, 'olderThanDays' | 'by'>): Promise<Retained[]> {
    await this.#log.ready
    const runs: Retained[] = []
    for (let more = true; more; more = runs.at(-1)!.purged !== undefined) {
      const record = (data: Record<string, unknown>) => this.#purgeRecord(data)
      // Where anchors are given, nothing goes that none of them has vouched for.
      const anchoredSize = this.#anchors.anchoredSize(this.#given)
      const now = this.#clock.now()
      runs.push(await this.#writer.retain!(this.#log.origin!, { olderThanDays, by, now, anchoredSize, record }))
    }
    return runs
  }

  /** The record that a purge needs before it may begin: covered by a checkpoint that survives a power cut. */
  #purgeRecord(data: Record<string, unknown>): Promise<Receipt> {
    const seen: Observation = { event: 'audit.retention_purged', hook: 'audit', data, context: null }
    const entry = this.#entries.make(seen, 'audit', 'checkpointed')
    return new Promise((resolve, reject) => {
      entry.waiter = (answer) => (answer instanceof TrailproofError ? reject(answer) : resolve(answer!))
      if (!this.#log.append(entry)) reject(queueFull(entry.event, entry.id))
    })
  }

  // ── between the two ───────────────────────────────────────────────────────────────────────────────────────────────

  #queue(
    o: Observation,
    source: LogRecord['source'],
    wait: Entry['wait'],
    context: RequestContext | undefined,
    n: number,
  ): RecordEntry {
    const entry = this.#entries.make(o, source, wait, context, n)
    if (context && context.events.size < 100) context.events.add(o.event)
    if (this.#log.append(entry)) return entry
    this.counters.dropped(o.hook, o.event)
    entry.answer = queueFull(o.event, entry.id)
    return entry
  }

  #admit(context: RequestContext): boolean {
    const n = (this.#perRequest.get(context) ?? 0) + 1
    this.#perRequest.set(context, n)
    return n <= MOST_PER_REQUEST
  }

  // ── the rest of an audit ──────────────────────────────────────────────────────────────────────────────────────────

  identify(user: unknown): Identity | undefined {
    return this.#entries.identify(user)
  }

  actorRef(user: unknown): Promise<string> {
    const identity = this.identify(user)
    if (!identity)
      return Promise.reject(
        new TrailproofError('TRAILPROOF_EVENT_INVALID', '`identify` finds no id in this user', {
          issues: [{ path: 'user', message: 'no id' }],
        }),
      )
    return this.pseudonyms.actor(identity)
  }

  async claimedRef(name: string, day = formatTime(this.#clock.now()).slice(0, 10)): Promise<string> {
    checkDay(day)
    return this.pseudonyms.claimed(name, day)
  }

  failing(): boolean {
    return this.#vitals.failing()
  }

  health(): Health {
    const health = this.#vitals.health()
    return this.#anchors.addTo(health, health.log.size)
  }

  /** A log that is not the one that was signed takes no more records; a new one cites it, as at the start. */
  #freeze(): boolean {
    if (this.#vitals.closing || this.#log.state !== 'writing') return false
    this.#beat() // every number so far is told in the log that ends
    if (!this.#log.freeze()) return false
    this.#n = 0 // the next log begins with its own `audit.started`, and counts from there
    this.#log.ready.then(this.#opened).catch(() => {}) // health() says it too
    return true
  }

  #requestOpened(context: RequestContext): void {
    this.#vitals.sawGate(context.gate.kind)
    if (context.address.forwardedIgnored) this.counters.forwardedIgnored()
    context.gate.onRefuse = async () => {
      const signsIn = ['login.succeeded', 'session.created', 'session.rotated', 'token.issued'].some((event) =>
        context.events.has(event),
      )
      if (signsIn && !context.events.has('login.refused'))
        void this.observe({ event: 'login.refused', hook: 'audit', reason: 'record_not_safe', context })
      for (const undo of context.onRefuse.splice(0).reverse()) {
        try {
          await undo()
        } catch {
          // the others are undone all the same
        }
      }
    }
  }

  flush(): Promise<void> {
    return this.#log.checkpoint()
  }

  async close(): Promise<void> {
    this.#lastWords('close')
    try {
      if ((await within(this.#log.close(), CLOSE_MS)) !== LATE) return
    } finally {
      await this.#anchors.close() // what the log has signed last is published, if it can be
    }
    throw new TrailproofError('TRAILPROOF_WRITE_TIMEOUT', `the log could not be closed within ${CLOSE_MS} ms`, {
      record: 'unknown',
      hint: 'the disk does not answer; what is queued is lost with this process',
    })
  }

  finishSync(timeoutMs: number): void {
    this.#lastWords('exit')
    this.#log.finishSync(timeoutMs)
  }

  #lastWords(reason: string): void {
    if (this.#vitals.closing) return
    this.#vitals.closing = true
    clearInterval(this.#heartbeat)
    this.#retention?.stop()
    this.#vitals.upkeep?.close()
    this.#coverage.stop()
    this.#thinning.close()
    this.override.close()
    this.#beat()
    this.own('audit.stopped', { reason })
  }

  /** What was counted is told first: every number up to the heartbeat's `n` is then told of, or lost. */
  #beat(): void {
    this.#thinning.tell()
    this.#vitals.beat(this.#n, this.#thinning.unwritten)
  }
}

const isHookName = (hook: unknown) => typeof hook === 'string' && hook.length <= 64

/** For counters, whatever stands there. */
function nameOf(read: () => unknown): string {
  const name = quietly(read)
  return typeof name === 'string' ? name.slice(0, 64) : 'unknown'
}
