// The clock as the log sees it; tests bring their own and nothing sleeps.

export interface Timers {
  /** Milliseconds that only ever grow. */
  now(): number
  /** Runs once, later. `hold` keeps the process alive until then; without it an idle log never does. */
  after(ms: number, run: () => void, hold?: boolean): { cancel(): void }
  /** Runs once, after the events of this turn: what they bring goes into one batch. */
  soon(run: () => void): void
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, run, hold = false) {
    const timer = setTimeout(run, ms)
    if (!hold) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: (run) => void setImmediate(run),
}
