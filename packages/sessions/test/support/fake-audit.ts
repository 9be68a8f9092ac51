// A stand-in for core: keeps observations, and gates responses with core's real context and gate.
import type { Audit } from '@trailproof/core'
import { coreOf, currentContext, openContext, type RequestContext, runInContext } from '@trailproof/core/adapter'

export type Verdict = 'go' | 'refuse'

/** An observation as the tests compare it: whole, with the URL of its request in place of the context. */
export interface Seen {
  event: string
  hook: string
  url: string | undefined
  [more: string]: unknown
}

/**
 * What policy lets no response wait for. A store's failure must be among it: an application that answers 500 to a failed
 * save has express-session save again, fail again, and express cut the connection, with whatever is still held.
 */
const QUEUED = ['session.renewed', 'session.store_failed']

export class FakeAudit {
  seen: Seen[] = []
  onFailure: 'continue' | 'refuse' = 'continue'
  wait: 'durable' | 'queued' = 'durable'
  failingNow = false
  waitAtMostMs = 2000
  hooks: Array<[string, unknown]> = []
  /** Of the newest request. */
  context: RequestContext | undefined
  undo = new Set<() => void>()
  /** Settles the record of one observation. */
  verdictOf: (seen: Seen) => Verdict | Promise<Verdict> = () => 'go'

  constructor() {
    const core = {
      requestFacts: {
        newRequestId: () => 'request',
        gateBytes: 1024 * 1024,
        opened: (context: RequestContext) => {
          this.context = context
          context.gate.onRefuse = async () => {
            for (const one of context.onRefuse.splice(0).reverse()) await one()
          }
        },
      },
      observe: (o: Record<string, unknown> & { context?: RequestContext }) => this.observe(o),
      policyFor: (event: string) => ({
        wait: QUEUED.includes(event) ? 'queued' : this.wait,
        waitAtMostMs: this.waitAtMostMs,
        onFailure: this.onFailure,
        record: 'all',
      }),
      failing: () => this.failingNow,
      sessionRef: (id: string) => `ref(${id})`,
      onDetach: (one: () => void) => {
        this.undo.add(one)
        return { detach: () => this.undo.delete(one) && one() }
      },
      hooked: (hook: string, detail: unknown) => void this.hooks.push([hook, detail]),
    }
    Object.defineProperty(this, Symbol.for('trailproof.core'), { value: core })
  }

  get audit(): Audit {
    return this as unknown as Audit
  }

  detach(): void {
    for (const one of this.undo) one()
    this.undo.clear()
  }

  /** Observations since the last call. */
  take(): Seen[] {
    return this.seen.splice(0)
  }

  /** What auditExpress does, as far as sessions need it. */
  middleware() {
    const core = coreOf(this.audit)
    return function context(req: never, res: never, next: () => void): void {
      const opened = openContext(core, req, res, { address: {} as never, route: () => undefined })
      opened.gate.onBegin(() => {}) // as auditExpress does for denials; from now on the gate sees the first byte
      runInContext(opened, next)
    }
  }

  observe({
    context = currentContext(),
    ...facts
  }: Record<string, unknown> & { context?: RequestContext | undefined }): Promise<Verdict> {
    const seen = { ...facts, url: context?.req.url } as Seen
    this.seen.push(seen)
    context?.events.add(seen.event)
    const verdict = Promise.resolve(this.verdictOf(seen))
    if (context && !QUEUED.includes(seen.event) && this.wait === 'durable')
      context.gate.holdUntil(verdict, this.onFailure === 'refuse')
    return verdict
  }
}
