// An audit: the newcomer's first file. It takes facts from hooks and from the application, makes records of them, and
// hands them to the log; whoever has to wait is told when the record is safe, or when policy says to go on without.
import { type AuditCore, setCore } from './adapter.js'
import type { AnchorHealth } from './anchor/anchor.js'
import type { TrailproofError } from './errors.js'
import type { AuditEvent } from './event/event.js'
import { WallClock } from './event/time.js'
import type { Counts, Coverage } from './hook/coverage.js'
import { tellAuditMade } from './hook/made.js'
import { finishAtExit } from './hook/process-end.js'
import { quietly } from './hook/wrap.js'
import type { LogHealth } from './log/log.js'
import { type AuditOptions, checkOptions } from './options.js'
import type { Override, OverrideHealth, OverrideRequest } from './policy/override.js'
import type { ReceiptFor, RecordReceipt, WaitFor } from './policy/receipt.js'
import { Recorder } from './recorder.js'

/** What the log was when it was opened. */
export interface Opened {
  origin: string
  /** The verifier key of this log, C2SP vkey: pin it away from this machine. */
  vkey: string
  size: number
  /** Set when a crash left lines that no checkpoint covered; they were kept, or quarantined where torn. */
  recovered?: { from: number; to: number; quarantinedBytes: number }
  /** Set when the log found here was damaged: it stays untouched, and this one cites it. */
  damaged?: TrailproofError
}

export interface Health {
  /** `red`: records are not being made safe right now, or some were lost, or the log found here was damaged, or an anchor fails. */
  status: 'green' | 'red'
  problems: { code: string; message: string }[]
  log: LogHealth
  /** `socket`: responses wait for their records. `none`: they cannot, below this framework. `unused`: no request yet. */
  gate: 'socket' | 'none' | 'unused'
  counts: Record<string, Counts>
  dropped: number
  slow: number
  /** One for each anchor, and `high-water`, the mark in the folder of the keys. */
  anchors: AnchorHealth[]
  /** When the own log was verified and its place looked at last; `none` where it is not kept in a folder, or switched off. */
  upkeep: { verified?: string; storage_checked?: string } | 'none'
  /** Set while policy is overridden. */
  override?: OverrideHealth
}

export interface Audit {
  /** Resolves when the log is open and what it found is known. Records made before wait in memory. */
  readonly ready: Promise<Opened>
  /**
   * Records one fact of the application.
   *
   * @param event only `event` is required; address, device, actor and trace come from the request being served
   * @param options.wait default: durable, for as long as the policy of the event says. Given explicitly, the promise
   * rejects where the default would go on under `onFailure: 'continue'`
   * @returns a receipt; with the default wait it may say `state: 'queued'` when the log could not write in time
   * @throws TRAILPROOF_EVENT_INVALID nothing was recorded; `issues` names each field
   * @throws TRAILPROOF_WRITE_TIMEOUT not durable in time; the record may still be written: look up `id` before retrying
   * @throws TRAILPROOF_QUEUE_FULL the record was dropped and counted
   * @throws TRAILPROOF_CLOSED the audit is closed; the record was not written
   * @throws TRAILPROOF_REFUSED policy is `onFailure: 'refuse'` and the record is not safe; status 503
   */
  record<W extends WaitFor | undefined = undefined>(event: AuditEvent, options?: { wait?: W }): Promise<ReceiptFor<W>>
  /** Records that a token was revoked, given whole or by its `jti`; its later use is `token.reuse_detected`. */
  tokenRevoked(token: string, more?: Omit<AuditEvent, 'event' | 'token'>): Promise<RecordReceipt>
  /** Records that the application ended a session by itself, given by its id. */
  sessionEnded(session: string, more?: Omit<AuditEvent, 'event' | 'session'>): Promise<RecordReceipt>
  /** The reference under which a person stands in the log: what to search for. */
  actorRef(user: unknown): Promise<string>
  /** The pseudonym of a typed name on a UTC day (`2026-11-23`; default today). */
  claimedRef(name: string, day?: string): Promise<string>
  /** Resolves when everything recorded so far is durable, and stands below a signed checkpoint that is durable too. */
  flush(): Promise<void>
  /**
   * Break-glass: for `minutes` (at most 60), what policy would refuse goes on, so that staff can sign in while the log is
   * down. Recorded as `audit.override` when it begins and when it ends, as soon as writing works; a warning of the process
   * and `health()` say so meanwhile. Another call replaces it; the end of the process ends it.
   *
   * @throws TRAILPROOF_EVENT_INVALID without `by`, `reason` or a bounded time; nothing was overridden
   */
  override(request: OverrideRequest): Override
  /** Undoes all hooks, writes `audit.stopped`, signs, and gives the slot up. Safe to call twice. */
  close(): Promise<void>
  health(): Health
  /** What is hooked and what was seen. */
  coverage(): Coverage
  /** Undoes all hooks; the audit itself goes on. */
  detach(): void
}

/**
 * Makes an audit. Synchronous, so that hooks attach before route modules load: options, keys, folder and lock are
 * checked before it returns; opening and recovery go on while records queue. Await `ready` to know what was found.
 *
 * @throws TRAILPROOF_OPTION_INVALID, TRAILPROOF_FOLDER_UNWRITABLE, TRAILPROOF_KEY_MISSING, TRAILPROOF_KEY_UNREADABLE,
 * TRAILPROOF_KEY_UNSAFE, TRAILPROOF_KEY_INVALID nothing was written
 */
export function createAudit(options: AuditOptions): Audit {
  const settings = checkOptions(options)
  const clock = settings.clock ?? new WallClock((ms) => recorder.own('audit.clock_stepped', { step_ms: ms }))
  const recorder = new Recorder(settings, clock)
  const undo = new Set<() => void>()
  const detach = () => {
    for (const one of [...undo].reverse()) quietly(one)
    undo.clear()
  }
  let closing: Promise<void> | undefined
  const forget = finishAtExit({ finishSync: (ms) => recorder.finishSync(ms) })

  const audit: Audit = {
    ready: recorder.ready,
    record: ((event: AuditEvent, given?: { wait?: WaitFor }) => recorder.record(event, given?.wait)) as Audit['record'],
    tokenRevoked: (token, more) => recorder.tokenRevoked(token, more),
    sessionEnded: (session, more) =>
      recorder.record({ ...more, event: 'session.ended', session, reason: more?.reason ?? 'application' }),
    actorRef: (user) => recorder.actorRef(user),
    claimedRef: (name, day) => recorder.claimedRef(name, day),
    flush: () => recorder.flush(),
    override: (request) => recorder.override.begin(request),
    close() {
      closing ??= (async () => {
        try {
          await recorder.close()
        } finally {
          // Hooks stay until the log has ended: what still arrives meanwhile is refused where policy says so.
          detach()
          forget()
        }
      })()
      return closing
    },
    health: () => recorder.health(),
    coverage: () => recorder.counters.coverage(),
    detach,
  }
  const core: AuditCore = {
    observe: (observation) => recorder.observe(observation),
    policyFor: (event) => recorder.policyFor(event),
    failing: () => recorder.failing(),
    identify: (user) => recorder.identify(user),
    sessionRef: (id) => recorder.pseudonyms.of('session', id),
    tokenRef: (value) => recorder.pseudonyms.of('token', value),
    hooked: (hook, detail) => recorder.counters.hooked(hook, detail),
    requestFacts: recorder.requestFacts,
    onDetach(one) {
      const once = () => {
        if (undo.delete(once)) one()
      }
      undo.add(once)
      return { detach: once }
    },
  }
  setCore(audit, core)
  tellAuditMade(audit)
  return audit
}
