// The log's thread: takes lines out of shared memory and runs the log over them with system calls that block, since
// nobody else waits in this thread.
import { sign } from 'node:crypto'
import fs from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { type Disk, nodeDisk } from '../../writers/file/disk.js'
import { joinLease } from '../../writers/file/lease.js'
import type { Batch, Elsewhere, Head } from '../../writers/writer.js'
import { type BatchLimits, prefixOf } from '../batch.js'
import { type Entry, type LineSource, Log, systemTimers } from '../log.js'
import { carry, type Order, type Report, type ThreadData } from './messages.js'
import { clockMs, Phase, RingTaker, Word } from './ring.js'

/** Lines that nobody waits for become durable together with others that come within this time. */
const COMPANY_MS = 10
/** For so many naps in which nothing comes, the thread can be woken without an order, which costs both sides more. */
const MOST_NAPS = 5

/** Runs the log until it is closed; then the thread ends by itself. */
export function runLogThread(data: ThreadData): void {
  new LogThread(data).listen()
}

class LogThread implements LineSource {
  readonly #port: MessagePort
  readonly #words: Int32Array
  readonly #signed: BigInt64Array
  readonly #taker: RingTaker
  readonly #data: ThreadData
  #log: Log | undefined // from the first order on
  #early: Order[] = []
  #obeyed = 0 // orders
  #due = 0 // so many lines have waited long enough
  #naps = 0 // since something was done
  #hurried = false

  constructor(data: ThreadData) {
    const { port, shared } = data
    this.#data = data
    this.#port = port
    this.#words = new Int32Array(shared.words)
    this.#signed = new BigInt64Array(shared.signed)
    this.#taker = new RingTaker(shared)
  }

  #open(elsewhere: readonly Elsewhere[]): void {
    const { lease, service, randomId, publicKey, privateKey } = this.#data
    const joined = joinLease(lease, blockingDisk(this.#words))
    this.#log = new Log({
      lease: {
        slot: joined.slot,
        open: (request) => joined.open({ ...request, elsewhere }),
        release: () => joined.release(),
      },
      service,
      key: { publicKey, sign: (message) => sign(null, message, privateKey) },
      limits: { maxQueuedBytes: Number.POSITIVE_INFINITY, maxQueuedRecords: Number.POSITIVE_INFINITY }, // the ring is the bound
      stalledAfterMs: 2 ** 31 - 1, // told by `busySince`: a timer of this thread cannot run while a call blocks it
      preamble: (head) => this.#opened(head),
      onState: (state, error) => this.#tell({ told: 'state', state, error: error && carry(error) }),
      timers: { ...systemTimers, soon: queueMicrotask },
      source: this,
      randomId: () => randomId,
    })
    this.#log.ready.catch((error) => this.#tell({ told: 'unopened', error: carry(error) }))
  }

  get signAfter(): number {
    const known = Atomics.load(this.#words, Word.signAfter)
    return known === 0 ? Number.POSITIVE_INFINITY : known - 1
  }

  listen(): void {
    process.once('exit', () => this.#endPhase(Phase.lost))
    this.#port.on('message', (order: Order) => this.#hear(order))
  }

  get come(): number {
    return this.#taker.durable + this.#taker.waiting
  }

  get durable(): number {
    return this.#taker.durable
  }

  form(first: number, { maxBytes, maxLines }: BatchLimits): Batch | undefined {
    if (!this.#isDue()) return undefined
    const lines = this.#taker.next(maxBytes, maxLines)
    if (!lines) return undefined
    const prefix = prefixOf(first)
    if (lines.bytes.toString('latin1', 0, prefix.length) !== prefix)
      fail(new Error(`leaf ${first} is not what the ring holds`))
    this.#naps = 0
    return { first, ...lines }
  }

  committed({ count }: Batch): void {
    this.#taker.confirm(count)
    if (Atomics.exchange(this.#words, Word.told, 1) === 0) this.#tell({ told: 'progress' })
  }

  rest(ms: number): boolean {
    this.#showSigned()
    if (this.#isOrdered()) return true
    if (this.#naps >= MOST_NAPS && this.#taker.waiting === 0) return this.#taker.sleep()
    this.#naps++
    this.#taker.nap(Math.min(ms, COMPANY_MS), () => this.#isOrdered())
    this.#due = this.come
    return false
  }

  #isDue(): boolean {
    return this.#hurried || this.#due > this.#taker.durable || this.#taker.urgent > 0
  }

  /** Has an order come that was not read yet? Only the event loop brings it. */
  #isOrdered(): boolean {
    return ((Atomics.load(this.#words, Word.orders) - this.#obeyed) | 0) > 0
  }

  #opened(head: Head): Entry[] {
    Atomics.store(this.#words, Word.phase, Phase.open)
    this.#tell({ told: 'opened', origin: this.#log!.origin!, folder: this.#log!.folder, head })
    Atomics.notify(this.#words, Word.phase)
    return []
  }

  #hear(order: Order): void {
    this.#obeyed++
    this.#obey(order)
  }

  #obey(order: Order): void {
    if (order.do === 'open') {
      this.#open(order.elsewhere)
      for (const early of this.#early.splice(0)) this.#obey(early)
      return
    }
    if (!this.#log) {
      this.#early.push(order) // anchors are still being asked what they know
      return
    }
    this.#naps = 0
    this.#log.nudge()
    if (order.do === 'hurry') this.#log.hurry()
    if (order.do === 'hurry' || order.do === 'close') this.#hurried = true
    if (order.do === 'checkpoint') {
      const answer = (error?: unknown) => {
        this.#showSigned()
        this.#tell({ told: 'checkpoint', id: order.id, error: error === undefined ? undefined : carry(error) })
      }
      this.#log.checkpoint().then(() => answer(), answer)
    } else if (order.do === 'close') {
      const end = (error?: unknown) => this.#end(error)
      this.#log.close().then(() => end(), end)
    }
  }

  #showSigned(): void {
    Atomics.store(this.#signed, 0, BigInt(this.#log!.signedSize))
  }

  #end(error: unknown): void {
    this.#showSigned()
    this.#tell({ told: 'closed', error: error === undefined ? undefined : carry(error) })
    this.#endPhase(Phase.ended)
    this.#port.close() // nothing is left that keeps this thread
  }

  /** Closed or lost, for ever. */
  #endPhase(phase: number): void {
    if (Atomics.load(this.#words, Word.phase) === Phase.ended) return
    Atomics.store(this.#words, Word.phase, phase)
    Atomics.notify(this.#words, Word.phase)
  }

  #tell(report: Report): void {
    this.#port.postMessage(report)
  }
}

/** An uncaught error ends this thread; the application's then takes the log over, with every line that is not durable. */
function fail(error: Error): void {
  setImmediate(() => {
    throw error
  })
}

/** Blocks where the application's thread must not, says since when, and looks for orders after each sync. */
function blockingDisk(words: Int32Array): Disk {
  const timed = <T>(call: () => T): T => {
    Atomics.store(words, Word.busySince, clockMs())
    try {
      return call()
    } finally {
      Atomics.store(words, Word.busySince, 0)
    }
  }
  return {
    ...nodeDisk,
    write: async (fd, bytes, at) => timed(() => fs.writeSync(fd, bytes, 0, bytes.length, at)),
    sync: (fd) => {
      try {
        timed(() => fs.fdatasyncSync(fd))
      } catch (error) {
        return Promise.reject(error)
      }
      return new Promise((resolve) => setImmediate(resolve))
    },
  }
}
