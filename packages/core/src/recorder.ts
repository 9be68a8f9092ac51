// The pipeline: an observation becomes a record, the record an entry of the log, and the log's answer a verdict.
//
//   observe / record ─► number (n) ─► policy ─► copy, bound, redact ─► references ─► log ─► durable ─► verdict, receipt
//
// Nothing here waits for the disk, and nothing throws into a hook.
import { randomBytes } from 'node:crypto'
import type { AuditCore, Observation, Verdict } from './adapter.js'
import type { Health, Opened } from './audit.js'
import { TrailproofError } from './errors.js'
import type { CatalogueName } from './event/catalogue.js'
import { checkEvent } from './event/check.js'
import { EntryMaker } from './event/entry-maker.js'
import type { AuditEvent, Identity } from './event/event.js'
import { Ids } from './event/id.js'
import type { LogRecord } from './event/log-record.js'
import type { Answer, RecordEntry } from './event/record-entry.js'
import { type Clock, formatTime } from './event/time.js'
import { Counters } from './hook/coverage.js'
import { Vitals } from './hook/vitals.js'
import { quietly } from './hook/wrap.js'
import { currentContext, type RequestContext } from './http/context.js'
import { DeviceCookies } from './http/device.js'
import { type AnyLog, beginLog } from './log/begin-log.js'
import type { Entry } from './log/log.js'
import { queueFull } from './log/log-errors.js'
import { logVkey, openedFrom, openingRecords } from './log/opening.js'
import type { Settings } from './options.js'
import { Deadlines } from './policy/deadlines.js'
import { compilePolicy, type Policy } from './policy/policy.js'
import { type RecordReceipt, type WaitFor, withoutReceipt } from './policy/receipt.js'
import { LATE, onAnswer, verdictOf, within } from './policy/verdict.js'
import { checkDay, fileKeyStore } from './privacy/key-store.js'
import { loadKeys } from './privacy/keys.js'
import { Pseudonyms } from './privacy/pseudonyms.js'
import { KnownRevoked } from './privacy/revoked.js'

/** Observations of one request beyond this are dropped and counted: a loop must not become a flood. */
const MOST_PER_REQUEST = 1000

/** A disk that does not answer must not keep an application from ending. */
const CLOSE_MS = 10_000

const NOW = Promise.resolve()

export class Recorder {
  readonly counters = new Counters(() => this.#vitals.tellSoon())
  readonly pseudonyms: Pseudonyms
  readonly policyFor: (event: string) => Policy
  readonly ready: Promise<Opened>
  readonly requestFacts: AuditCore['requestFacts']
  readonly #clock: Clock
  readonly #log: AnyLog
  readonly #entries: EntryMaker
  readonly #deadlines = new Deadlines()
  readonly #revoked = new KnownRevoked()
  readonly #perRequest = new WeakMap<RequestContext, number>()
  readonly #heartbeat: NodeJS.Timeout | undefined
  readonly #vitals: Vitals
  #n = 0

  constructor(settings: Settings, clock: Clock) {
    this.#clock = clock
    this.policyFor = compilePolicy(settings.policy)
    const keys = loadKeys(settings.keys)
    const store = settings.keys.store ?? fileKeyStore(keys.dir)
    this.pseudonyms = new Pseudonyms(keys.derive, store)
    const devices = new DeviceCookies([keys.derive('device cookie')], settings.device, () => clock.now())
    const ids = new Ids()
    this.#entries = new EntryMaker(settings, clock, this.pseudonyms, devices, this.counters, ids)
    const { name } = settings.service
    const stalledAfterMs = Math.max(100, this.policyFor('login.succeeded').waitAtMostMs)
    this.#log = beginLog({
      lease: settings.writer.lease(name),
      service: name,
      key: keys.signing,
      limits: { maxQueuedBytes: settings.limits.queueBytes, maxQueuedRecords: settings.limits.queueRecords },
      stalledAfterMs,
      preamble: (head) =>
        openingRecords(head, settings, keys.ids).map(({ event, data, outcome }) =>
          this.#entries.own(event, data, outcome),
        ),
      onState: (state) => state === 'writing' && queueMicrotask(() => this.#vitals.tellLosses()),
      randomId: () => randomBytes(6).toString('hex'),
    })
    this.#vitals = new Vitals(this.#log, this.counters, stalledAfterMs, (event, data) => this.own(event, data))
    this.ready = this.#log.ready.then((head) => {
      const opened = openedFrom(head, this.#log.origin!, logVkey(this.#log.origin!, keys.signing.publicKey))
      this.#vitals.damaged = opened.damaged
      if (opened.damaged) process.emitWarning(opened.damaged)
      return opened
    })
    this.ready.catch(() => {}) // health() says it too
    this.requestFacts = {
      newRequestId: () => ids.make(clock.now()),
      gateBytes: settings.limits.gateBytes,
      opened: (context) => this.#requestOpened(context),
    }
    if (settings.heartbeatEveryMs > 0) {
      this.#heartbeat = setInterval(() => this.#vitals.beat(this.#n), settings.heartbeatEveryMs)
      this.#heartbeat.unref()
    }
  }

  // ── what hooks see ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Records what a hook saw, and holds this request's response as the policy asks. Never throws, never rejects. */
  observe(seen: Observation): Promise<Verdict> {
    let refusing = false
    let o = seen
    try {
      o = this.#reuse(seen)
      const policy = this.policyFor(o.event)
      refusing = policy.onFailure === 'refuse'
      const context = o.context === null ? undefined : (o.context ?? currentContext())
      const n = ++this.#n
      this.counters.seen(o.hook, o.event)
      if (policy.record === 'none') {
        this.counters.declared(o.hook)
        return Promise.resolve('go')
      }
      const verdict = this.#send(o, context, policy, n)
      if (context && (policy.wait === 'durable' || refusing)) context.gate.holdUntil(verdict, refusing)
      return verdict
    } catch {
      this.counters.dropped(quietly(() => o.hook) ?? 'unknown', quietly(() => o.event) ?? 'unknown')
      return Promise.resolve(refusing ? 'refuse' : 'go')
    }
  }

  #send(o: Observation, context: RequestContext | undefined, policy: Policy, n: number): Promise<Verdict> {
    if (context && !this.#admit(context)) {
      this.counters.dropped(o.hook, o.event)
      return Promise.resolve(policy.onFailure === 'refuse' ? 'refuse' : 'go')
    }
    // Known before this record is queued: a log that is failing now is not waited for.
    const failing = this.failing()
    const entry = this.#queue(o, 'hook', 'durable', context, n)
    return verdictOf(entry, policy, failing, this.#deadlines, () => this.counters.slow())
  }

  /** A revoked token that verifies is no ordinary verification. */
  #reuse(o: Observation): Observation {
    if (o.event !== 'token.verified' || !o.token) return o
    const refs = [o.token.value, o.token.jti && `jti ${o.token.jti}`].filter((v) => v !== undefined && v !== '')
    return refs.some((v) => this.#revoked.has(this.pseudonyms.of('token', v as string)))
      ? { ...o, event: 'token.reuse_detected' }
      : o
  }

  // ── what the application says ─────────────────────────────────────────────────────────────────────────────────────

  record(event: AuditEvent, wait?: WaitFor): Promise<RecordReceipt> {
    try {
      checkEvent(event, wait)
      const policy = this.policyFor(event.event)
      const context = currentContext()
      const failing = this.failing()
      const n = ++this.#n
      this.counters.seen('app', event.event)
      const entry = this.#queueFor(event, wait, context, n)
      const patient = wait === undefined ? !failing : wait !== 'queued'
      return patient ? this.#patiently(entry, policy, wait) : this.#atOnce(entry, policy, wait)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #patiently(entry: RecordEntry, policy: Policy, wait: WaitFor | undefined): Promise<RecordReceipt> {
    return new Promise((resolve, reject) => {
      onAnswer(entry, policy.waitAtMostMs, this.#deadlines, (answer) => {
        if (!answer) this.counters.slow()
        try {
          resolve(this.#receipt(entry, answer, policy, wait))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #atOnce(entry: RecordEntry, policy: Policy, wait: WaitFor | undefined): Promise<RecordReceipt> {
    // A closed log says so in a microtask of its own, queued before this one.
    return NOW.then(() => this.#receipt(entry, entry.answer, policy, wait))
  }

  #receipt(
    { id, event }: RecordEntry,
    answer: Answer | undefined,
    policy: Policy,
    wait: WaitFor | undefined,
  ): RecordReceipt {
    const failed = answer instanceof TrailproofError
    if (wait === 'queued' && !failed) return { id, state: 'queued' }
    if (!answer || failed) return withoutReceipt(id, event, policy, wait, answer)
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

  /** One of the audit's own records; it waits for nobody. */
  own(event: CatalogueName & `audit.${string}`, data: Record<string, unknown>): boolean {
    return this.#log.append(this.#entries.own(event, data))
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
    return this.#vitals.health()
  }

  #requestOpened(context: RequestContext): void {
    this.#vitals.sawGate(context.gate.kind)
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
    if ((await within(this.#log.close(), CLOSE_MS)) !== LATE) return
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
    this.#vitals.beat(this.#n)
    this.own('audit.stopped', { reason })
  }
}
