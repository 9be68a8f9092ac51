// Ends of waits. Most records are durable long before, so that a timer for each would cost more than the record: those
// with equal patience stand in one line, behind one timer.

/** A wait that ends at a time unless it is called off: a link in a line of those. */
export abstract class Deadline {
  /** Of performance.now(). */
  at = 0
  before: Deadline | undefined
  after: Deadline | undefined
  line: Line | undefined

  /** Called when the time is over. */
  abstract late(): void

  callOff(): void {
    this.line?.remove(this)
  }
}

export class Deadlines {
  readonly #lines = new Map<number, Line>()

  /** Calls `late` in `ms` milliseconds, or a little later; the process stays alive until then. */
  add(ms: number, deadline: Deadline): void {
    let line = this.#lines.get(ms)
    if (!line) {
      line = new Line(ms)
      if (this.#lines.size < MOST_LINES) this.#lines.set(ms, line)
    }
    line.add(deadline)
  }
}

/** Policies name a few times, not thousands. */
const MOST_LINES = 100

/** Deadlines in the order in which they were set, which is that in which they end. */
class Line {
  #first: Deadline | undefined
  #last: Deadline | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly ms: number) {}

  add(deadline: Deadline): void {
    deadline.at = performance.now() + this.ms
    deadline.line = this
    deadline.before = this.#last
    if (this.#last) this.#last.after = deadline
    else this.#first = deadline
    this.#last = deadline
    if (!this.#timer) this.#wait(this.ms)
    else if (deadline === this.#first) this.#timer.ref()
  }

  remove(deadline: Deadline): void {
    const { before, after } = deadline
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    deadline.line = deadline.before = deadline.after = undefined
    if (!this.#first) this.#timer?.unref() // nobody waits: the process may end
  }

  #wait(ms: number): void {
    // Timers come first after a blocked event loop: an answer that lies there already is heard before the time is over.
    this.#timer = setTimeout(() => setImmediate(() => this.#ring()), ms)
  }

  #ring(): void {
    this.#timer = undefined
    const now = performance.now()
    for (let first = this.#first; first && first.at <= now; first = this.#first) {
      this.remove(first)
      first.late()
    }
    if (this.#first) this.#wait(Math.max(1, this.#first.at - now))
  }
}
