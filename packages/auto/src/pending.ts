// The audit before it is there. Hooks attach while the application's modules load; the log is opened a moment later, when
// these have been evaluated: by then it is known whether the application makes an audit of its own.
import { randomUUID } from 'node:crypto'
import type { Audit } from '@trailproof/core'
import { type AuditCore, coreOf, type Observation, quietly, type Verdict } from '@trailproof/core/adapter'

/** Of an audit that is not there, or not any more: nothing waits, nothing is refused. */
const NOTHING: Omit<AuditCore, 'onDetach' | 'hooked'> = {
  observe: () => Promise.resolve('go'),
  policyFor: () => ({ record: 'none', wait: 'queued', waitAtMostMs: 0, onFailure: 'continue' }) as never,
  failing: () => false,
  identify: () => undefined,
  sessionRef: () => '',
  tokenRef: () => '',
  requestFacts: { newRequestId: randomUUID, gateBytes: 0, opened: () => {} },
}

/** The inside of an audit that is made when the first fact arrives, at the latest. */
export class PendingCore implements AuditCore {
  #audit: Audit | undefined
  #core: typeof NOTHING | undefined
  readonly #hooked = new Map<string, Record<string, string | number | boolean>>()
  readonly #undo = new Set<() => void>()

  /** @param make called once; undefined where no audit can be made */
  constructor(private readonly make: () => Audit | undefined) {}

  /** Makes the audit, unless that was done or given up. */
  begin(): Audit | undefined {
    if (this.#core) return this.#audit
    this.#core = NOTHING // what is observed while it is being made is its own doing
    this.#audit = this.make()
    if (!this.#audit) this.end()
    else {
      const core = coreOf(this.#audit)
      this.#core = core
      for (const [hook, detail] of this.#hooked) core.hooked(hook, detail)
    }
    return this.#audit
  }

  /** Takes all hooks out, for good. @returns the audit, where one was made */
  end(): Audit | undefined {
    this.#core = NOTHING
    for (const one of [...this.#undo].reverse()) quietly(one)
    const audit = this.#audit
    this.#audit = undefined
    return audit
  }

  #real(): typeof NOTHING {
    this.begin()
    return this.#core ?? NOTHING
  }

  observe(observation: Observation): Promise<Verdict> {
    return this.#real().observe(observation)
  }

  policyFor(event: string): ReturnType<AuditCore['policyFor']> {
    return this.#real().policyFor(event)
  }

  failing(): boolean {
    return this.#real().failing()
  }

  identify(user: unknown): ReturnType<AuditCore['identify']> {
    return this.#real().identify(user)
  }

  sessionRef(id: string): string {
    return this.#real().sessionRef(id)
  }

  tokenRef(value: string): string {
    return this.#real().tokenRef(value)
  }

  get requestFacts(): AuditCore['requestFacts'] {
    return this.#real().requestFacts
  }

  onDetach(undo: () => void): { detach(): void } {
    const once = () => {
      if (this.#undo.delete(once)) undo()
    }
    this.#undo.add(once)
    return { detach: once }
  }

  hooked(hook: string, detail: Record<string, string | number | boolean>): void {
    this.#hooked.set(hook, detail)
    if (this.#audit) coreOf(this.#audit).hooked(hook, detail)
  }
}
