// What a line of the log says. Types only.
import type { Declared } from '../policy/declared.js'
import type { ActorType, Outcome, Severity } from './event.js'

export interface Actor {
  ref?: string
  claimed?: string
  type?: ActorType
  on_behalf_of?: string[]
}

/** One record, in the order of its keys on disk (DESIGN section 4); `v` and `seq` are put in front by the log. */
export interface LogRecord {
  id: string
  time: string
  event: string
  outcome: Outcome
  severity: Severity
  reason?: string
  source: 'hook' | 'app' | 'audit'
  hook?: string
  n?: number
  /** Set on a record that stands for several observations: then it has no `n` of its own. */
  declared?: Declared
  actor?: Actor
  target?: { type: string; id?: string; ref?: string }
  auth?: { method?: string; strategy?: string; factors?: string[]; attempt?: string }
  session?: { ref: string; from?: string }
  token?: Record<string, unknown>
  client?: Record<string, unknown>
  http?: Record<string, unknown>
  trace?: { trace_id: string; span_id: string }
  service: { name: string; version?: string; instance?: string }
  tenant?: string
  data?: Record<string, unknown>
  truncated?: string[]
}
