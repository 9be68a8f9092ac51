// Ends of waits. Most records are durable long before, so that a timer for each would cost more than the record: those
// with equal patience stand in one line, behind one timer.

/** An end of a wait that may still be called off. */
export class Deadline {
  before: Deadline | undefined
  after: Deadline | undefined

  constructor(
    private readonly line: Line,
    readonly at: number,
    readonly over: () => void,
  ) {}

  cancel(): void {
    this.line.remove(this)
  }
}

export class Deadlines {
  readonly #lines = new Map<number, Line>()

  /** Calls `over` in `ms` milliseconds, or a little later; the process stays alive until then. */
  add(ms: number, over: () => void): Deadline {
    let line = this.#lines.get(ms)
    if (!line) {
      line = new Line(ms)
      if (this.#lines.size < MOST_LINES) this.#lines.set(ms, line)
    }
    return line.add(over)
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

  add(over: () => void): Deadline {
    const deadline = new Deadline(this, performance.now() + this.ms, over)
    deadline.before = this.#last
    if (this.#last) this.#last.after = deadline
    else this.#first = deadline
    this.#last = deadline
    if (!this.#timer) this.#wait(this.ms)
    else if (deadline === this.#first) this.#timer.ref()
    return deadline
  }

  remove(deadline: Deadline): void {
    const { before, after } = deadline
    if (!before && this.#first !== deadline) return // out of the line already
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    deadline.before = deadline.after = undefined
    if (!this.#first) this.#timer?.unref() // nobody waits: the process may end
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#ring(), ms)
  }

  #ring(): void {
    this.#timer = undefined
    const now = performance.now()
    for (let first = this.#first; first && first.at <= now; first = this.#first) {
      this.remove(first)
      first.over()
    }
    if (this.#first) this.#wait(Math.max(1, this.#first.at - now))
  }
}
