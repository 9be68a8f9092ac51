// The log's thread as seen from outside: started, told, listened to, and waited for when the process ends.
import { randomBytes } from 'node:crypto'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Order, Report, ThreadData } from './messages.js'
import { Phase, ringBell, Word } from './ring.js'

/** How long the application's thread sleeps at a time when the process ends and the log's thread has to finish. */
const NAP_MS = 5

export class ThreadLink {
  /** Resolves when the thread is no more, for whatever reason. */
  readonly ended: Promise<void>
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
    private readonly lost: (error: Error) => void,
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
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        resolve()
        this.#lose(cause ?? new Error(`it ended with code ${code}`))
      })
    })
  }

  tell(order: Order): void {
    if (this.#over) return
    this.#port.postMessage(order)
    Atomics.add(this.#words, Word.orders, 1)
    ringBell(this.#words)
  }

  /** Keeps the process alive, or no longer: as long as lines are on their way it should not end for want of work. */
  hold(hold: boolean): void {
    if (hold === this.#holding || this.#over) return
    this.#holding = hold
    // The thread and not the port: a thread that dies takes its port along, and the process would end before it is heard.
    if (hold) this.#worker.ref()
    else this.#worker.unref()
  }

  /**
   * Blocks until `done` says so, hearing reports meanwhile, and that the thread is lost. For the end of the process.
   *
   * @returns false when `until` (performance.now()) came first
   */
  waitFor(done: () => boolean, until: number): boolean {
    while (!done()) {
      const phase = Atomics.load(this.#words, Word.phase)
      this.#hearAll()
      if (phase === Phase.lost) this.#lose(new Error('it ended together with the process'))
      if (done()) return true
      const left = until - performance.now()
      if (left <= 0) return false
      Atomics.wait(this.#words, Word.phase, phase, Math.min(left, NAP_MS))
    }
    return true
  }

  hasEnded(): boolean {
    const phase = Atomics.load(this.#words, Word.phase)
    this.#hearAll() // what it said before
    return phase === Phase.ended
  }

  /** The thread has closed the log, or is not needed any more. */
  end(): void {
    this.hold(false)
    this.#over = true
    this.#port.close()
    void this.#worker.terminate()
  }

  #lose(cause: Error): void {
    this.#hearAll() // its last words may be that it has closed the log
    if (this.#over) return
    this.#over = true
    this.#port.close()
    this.lost(cause)
  }

  #hearAll(): void {
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
      this.#hear(next.message as Report)
  }

  #hear(report: Report): void {
    if (!this.#over) this.heard(report)
  }
}
