// Threads that work out pieces. Each has two at most, so that it goes on while its answer is under way. A thread that
// cannot be started, or ends, is no loss: its pieces are worked out here.
import { Worker } from 'node:worker_threads'
import { threadFile } from '../thread-file.js'
import type { Found } from './digest.js'
import type { Piece, PieceFacts } from './piece.js'

const AT_ONCE = 2

interface Job {
  piece: Piece
  facts: PieceFacts
  done(found: Found): void
}

interface Thread {
  worker: Worker
  jobs: Job[]
}

export class PieceWorkers {
  readonly #threads: Thread[] = []

  constructor(count: number) {
    const file = threadFile('verify/piece-thread.js')
    for (let i = 0; file && i < count; i++) this.#start(file)
  }

  /** Threads that are alive. */
  get size(): number {
    return this.#threads.length
  }

  /** Begins the work on a thread that has room; undefined when none has. */
  take(piece: Piece, facts: PieceFacts): Promise<Found> | undefined {
    const thread = this.#threads.reduce<Thread | undefined>(
      (idlest, one) => (one.jobs.length < (idlest?.jobs.length ?? AT_ONCE) ? one : idlest),
      undefined,
    )
    if (!thread) return undefined
    return new Promise((done) => {
      thread.jobs.push({ piece, facts, done })
      thread.worker.postMessage({ memory: piece.memory, facts })
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()))
  }

  #start(file: URL): void {
    try {
      const thread: Thread = { worker: new Worker(file, { execArgv: [], name: 'trailproof verify' }), jobs: [] }
      thread.worker.on('message', (found: Found) => thread.jobs.shift()!.done(found))
      thread.worker.on('error', () => {}) // 'exit' follows
      thread.worker.on('exit', () => this.#ended(thread))
      this.#threads.push(thread)
    } catch {
      // No threads here: this one does it all.
    }
  }

  #ended(thread: Thread): void {
    const at = this.#threads.indexOf(thread)
    if (at >= 0) this.#threads.splice(at, 1)
    for (const { piece, facts, done } of thread.jobs.splice(0)) done(piece.work(facts))
  }
}
