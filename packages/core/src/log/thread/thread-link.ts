// The log's thread as seen from outside: started, told, listened to, and waited for when the process ends.
import { randomBytes } from 'node:crypto'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Order, Report, ThreadData } from './messages.js'
import { Phase, type Shared, Word } from './ring.js'

/** How long the application's thread sleeps at a time when the process ends and the log's thread has to finish. */
const NAP_MS = 5

export class ThreadLink {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #words: Int32Array
  #over = false
  #holding = false

  /**
   * @param heard - called for each report
   * @param lost - called once, when the thread has ended although it was not closed
   * @throws what `Worker` throws where threads may not be started
   */
  constructor(
    file: URL,
    data: Omit<ThreadData, 'port' | 'randomId'>,
    private readonly heard: (report: Report) => void,
    lost: (error: Error) => void,
  ) {
    this.#words = new Int32Array(data.shared.words)
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(file, {
      name: 'trailproof log',
      workerData: { ...data, port: port2, randomId: randomBytes(6).toString('hex') } satisfies ThreadData,
      transferList: [port2],
      // What the application preloads is not for this thread, and neither are the secrets in its environment.
      execArgv: [],
      env: {},
    })
    port1.on('message', (report: Report) => this.#hear(report))
    port1.unref()
    this.#worker.unref()
    let cause: Error | undefined
    this.#worker.on('error', (error) => {
      cause = error
    })
    this.#worker.on('exit', (code) => {
      if (this.#over) return
      this.#over = true
      this.#port.close()
      lost(cause ?? new Error(`the log's thread ended with code ${code}`))
    })
  }

  tell(order: Order): void {
    if (!this.#over) this.#port.postMessage(order)
  }

  /** Keeps the process alive, or no longer: as long as lines are on their way it should not end for want of work. */
  hold(hold: boolean): void {
    if (hold === this.#holding) return
    this.#holding = hold
    if (hold) this.#port.ref()
    else this.#port.unref()
  }

  /**
   * Blocks until `done` says so, hearing reports meanwhile. For the end of the process.
   *
   * @returns false when `until` (performance.now()) came first
   */
  waitFor(done: () => boolean, until: number): boolean {
    while (!done()) {
      this.#hearAll()
      if (done()) return true
      const left = until - performance.now()
      if (left <= 0) return false
      Atomics.wait(this.#words, Word.phase, Atomics.load(this.#words, Word.phase), Math.min(left, NAP_MS))
    }
    return true
  }

  hasEnded(): boolean {
    this.#hearAll()
    return Atomics.load(this.#words, Word.phase) === Phase.ended
  }

  /** The thread has closed the log, or is not needed any more. */
  end(): void {
    this.#over = true
    this.hold(false)
    this.#port.close()
    void this.#worker.terminate()
  }

  #hearAll(): void {
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
      this.#hear(next.message as Report)
  }

  #hear(report: Report): void {
    if (!this.#over) this.heard(report)
  }
}

export type { Shared }
