// What all parts of the hook share.
import type { AuditCore, Observation, RequestContext } from '@trailproof/core/adapter'
import { Attempts } from './attempt.js'
import type { Settings } from './options.js'
import { Visits } from './visit.js'

export interface Hook {
  readonly core: AuditCore
  readonly settings: Settings
  readonly attempts: Attempts
  readonly visits: Visits
  /** Key of passport's own data in a session. */
  readonly sessionKey: string
  /** False once detached: what is still in someone's hands then only passes through. */
  attached: boolean
}

export function newHook(core: AuditCore, settings: Settings, sessionKey: string): Hook {
  return { core, settings, attempts: new Attempts(), visits: new Visits(), sessionKey, attached: true }
}

/** Records one fact of a request. The context was taken when the request came in: async context may be lost by now. */
export function observe(
  { core }: Hook,
  context: RequestContext | undefined,
  fact: Omit<Observation, 'hook' | 'context'>,
): ReturnType<AuditCore['observe']> {
  return core.observe({ hook: 'passport', ...fact, context: context ?? null })
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
