// Who wants to know that the application makes an audit of its own: what hooks by itself has to make room for it.
import type { Audit } from '../audit.js'
import { quietly } from './wrap.js'

/** One for all copies of core in this process. */
const SHARED = Symbol.for('trailproof.made')
const globals = globalThis as unknown as Record<symbol, Set<(audit: Audit) => void> | undefined>
globals[SHARED] ??= new Set()
const listeners = globals[SHARED]

/**
 * Calls `listener` whenever an audit is made in this process, by any copy of core, before its maker has it in hand.
 *
 * @returns stops it
 */
export function onAuditMade(listener: (audit: Audit) => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

export function tellAuditMade(audit: Audit): void {
  for (const listener of [...listeners]) quietly(() => listener(audit))
}
