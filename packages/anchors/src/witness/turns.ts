// One at a time: what is about the same log waits for its turn, so that between the look at what is known and its durable
// replacement nothing else of that log happens.

/** Those who wait for one log. Each waits for one fsync or two; more than this is a flood. */
const MAX_WAITING = 64

export class Turns {
  readonly #queues = new Map<string, { last: Promise<unknown>; waiting: number }>()

  /** @returns undefined, without running it, when too many wait already */
  take<T>(key: string, run: () => Promise<T>): Promise<T> | undefined {
    const queue = this.#queues.get(key) ?? { last: Promise.resolve(), waiting: 0 }
    if (queue.waiting >= MAX_WAITING) return undefined
    this.#queues.set(key, queue)
    queue.waiting++
    const turn = queue.last.then(run).finally(() => {
      if (--queue.waiting === 0) this.#queues.delete(key)
    })
    queue.last = turn.catch(() => {}) // the next one comes also after a failure
    return turn
  }
}
