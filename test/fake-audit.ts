// An audit whose inside is in the test's hands: observations in a list, verdicts and health as the test says.
import type { Audit } from '@trailproof/core'
import { type AuditCore, type Identity, type Observation, setCore, type Verdict } from '@trailproof/core/adapter'

export interface Fake {
  audit: Audit
  core: AuditCore
  seen: Observation[]
  hooked: Record<string, unknown>
  /** Undoes all hooks, as `audit.detach()`. */
  detachAll(): void
}

export interface Says {
  onFailure?: 'continue' | 'refuse'
  failing?: boolean
  verdict?: (o: Observation) => Promise<Verdict>
  observe?: (o: Observation) => void
  identify?: (user: unknown) => Identity | undefined
}

export function fakeAudit(says: Says = {}): Fake {
  const seen: Observation[] = []
  const hooked: Record<string, unknown> = {}
  const undo = new Set<() => void>()
  const byId = (user: unknown) => {
    const { id } = (user ?? {}) as { id?: unknown }
    return typeof id === 'string' || typeof id === 'number' ? { id: String(id) } : undefined
  }
  const core = {
    observe(o: Observation) {
      seen.push(o)
      says.observe?.(o)
      return says.verdict?.(o) ?? Promise.resolve<Verdict>('go')
    },
    policyFor: () => ({ wait: 'durable', waitAtMostMs: 2000, onFailure: says.onFailure ?? 'continue', record: 'all' }),
    failing: () => says.failing ?? false,
    identify: says.identify ?? byId,
    requestFacts: { newRequestId: () => 'r1', gateBytes: 2 ** 20, opened() {} },
    onDetach(one: () => void) {
      const once = () => {
        if (undo.delete(once)) one()
      }
      undo.add(once)
      return { detach: once }
    },
    hooked(name: string, detail: unknown) {
      hooked[name] = detail
    },
  } as unknown as AuditCore
  const audit = {} as Audit
  setCore(audit, core)
  const detachAll = () => {
    for (const one of [...undo]) one()
  }
  return { audit, core, seen, hooked, detachAll }
}
