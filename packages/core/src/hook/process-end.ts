// The end of the process: what is queued must still reach the disk. One listener serves all audits of this process.
import { quietly } from './wrap.js'

export interface Endable {
  /** Synchronous, for `exit`: at most `timeoutMs`. */
  finishSync(timeoutMs: number): void
}

const EXIT_MS = 2000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** One for all copies of core in this process: two listeners would each take the other for the application's own. */
const SHARED = Symbol.for('trailproof.process-end')
const globals = globalThis as unknown as Record<
  symbol,
  { live: Set<Endable>; onExit(): void; onSignal(signal: NodeJS.Signals): void } | undefined
>
globals[SHARED] ??= { live: new Set(), onExit, onSignal }
const shared = globals[SHARED]
const { live } = shared

export function finishAtExit(audit: Endable): () => void {
  if (live.size === 0) {
    process.on('exit', shared.onExit)
    // First of all listeners, so that an application's `once` listener still counts when we look.
    for (const signal of SIGNALS) process.prependListener(signal, shared.onSignal)
  }
  live.add(audit)
  return () => {
    if (!live.delete(audit) || live.size > 0) return
    process.removeListener('exit', shared.onExit)
    for (const signal of SIGNALS) process.removeListener(signal, shared.onSignal)
  }
}

function onExit(): void {
  const until = Date.now() + EXIT_MS
  for (const audit of live) quietly(() => audit.finishSync(Math.max(0, until - Date.now())))
}

/**
 * A signal that nobody else listens to would have ended the process at once. It still does: what is queued is written
 * first, in this very turn, so that no request is answered in between without its record.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) - 1 > signalExitListeners()) return
  shared.onExit()
  process.removeListener(signal, shared.onSignal)
  process.kill(process.pid, signal)
}

/** The package signal-exit listens only to go on to the default; it counts its own copies so as not to mistake them. */
function signalExitListeners(): number {
  const emitters = [
    (globalThis as unknown as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>)['__signal_exit_emitter__'],
  ] as ({ count?: unknown } | undefined)[]
  return emitters.reduce((sum, emitter) => sum + (typeof emitter?.count === 'number' ? emitter.count : 0), 0)
}
