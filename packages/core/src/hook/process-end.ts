// The end of the process: what is queued must still reach the disk. One listener serves all audits of this process.
import { quietly } from './wrap.js'

export interface Endable {
  /** Orderly: everything durable and signed. */
  close(): Promise<void>
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
    for (const signal of SIGNALS) process.on(signal, shared.onSignal)
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

/** A signal that nobody else listens to would have ended the process at once: drain, then let it. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  const end = () => {
    process.removeListener(signal, shared.onSignal)
    process.kill(process.pid, signal)
  }
  const timer = setTimeout(end, EXIT_MS)
  void Promise.allSettled([...live].map((audit) => audit.close())).then(() => {
    clearTimeout(timer)
    end()
  })
}
