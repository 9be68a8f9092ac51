// A clock that moves when told to. Only `soon` is real, since promises need turns of the event loop.

interface Waiting {
  at: number
  run: () => void
}

export class ManualTimers {
  #now = 1000
  #waiting: Waiting[] = []

  now = (): number => this.#now

  after = (ms: number, run: () => void): { cancel(): void } => {
    const waiting = { at: this.#now + ms, run }
    this.#waiting.push(waiting)
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
      },
    }
  }

  soon = (run: () => void): void => void setImmediate(run)

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Moves the clock and runs what is due, in order. */
  advance(ms: number): void {
    this.#now += ms
    for (;;) {
      const due = this.#waiting.filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)[0]
      if (!due) return
      this.#waiting = this.#waiting.filter((other) => other !== due)
      due.run()
    }
  }
}

/** Lets everything happen that needs no clock: some turns of the event loop. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}
