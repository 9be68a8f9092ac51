// The log's thread: takes lines out of shared memory and runs the log over them with system calls that block, since
// nobody else waits in this thread.
import { sign } from 'node:crypto'
import fs from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import type { TrailproofError } from '../../errors.js'
import { type Disk, nodeDisk } from '../../writers/file/disk.js'
import { joinLease } from '../../writers/file/lease.js'
import type { Elsewhere, Head } from '../../writers/writer.js'
import { type Entry, type EntrySource, Log, type Receipt, systemTimers } from '../log.js'
import { carry, type Order, type Report, type ThreadData } from './messages.js'
import { clockMs, Phase, RingTaker, Word } from './ring.js'

/** Runs the log until it is closed; then the thread ends by itself. */
export function runLogThread(data: ThreadData): void {
  new LogThread(data).listen()
}

class LogThread implements EntrySource {
  readonly #port: MessagePort
  readonly #words: Int32Array
  readonly #signed: BigInt64Array
  readonly #taker: RingTaker
  readonly #data: ThreadData
  #log: Log | undefined // from the first order on
  #early: Order[] = []
  #next = 0 // leaf index that the next slot to be durable must get
  #reporting = false

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
    this.#port.on('message', (order: Order) => this.#obey(order))
  }

  take(): void {
    for (let slot = this.#taker.take(); slot >= 0; slot = this.#taker.take())
      this.#log!.append(new SlotEntry(this, slot))
    this.#showSigned()
  }

  rest(): boolean {
    return this.#taker.sleep()
  }

  bodyOf(slot: number): { source: Buffer; start: number; end: number } {
    return { source: this.#taker.bytes, start: this.#taker.bodyStart(slot), end: this.#taker.bodyEnd(slot) }
  }

  /** Lines become durable in the order of their slots. Where the log gives up, `closed` says so for all that are left. */
  settled(slot: number, error: TrailproofError | undefined, receipt: Receipt | undefined): void {
    if (error?.code === 'TRAILPROOF_EVENT_INVALID') fail(error)
    if (!receipt) return
    if (receipt.index !== this.#next++) fail(new Error(`leaf ${receipt.index} is not the slot's`))
    this.#taker.answer(slot, receipt.leafHash)
    Atomics.add(this.#words, Word.durable, 1)
    if (this.#reporting) return
    this.#reporting = true
    queueMicrotask(() => {
      this.#reporting = false
      if (Atomics.exchange(this.#words, Word.told, 1) === 0) this.#tell({ told: 'progress' })
    })
  }

  #opened(head: Head): Entry[] {
    this.#next = head.size
    Atomics.store(this.#words, Word.phase, Phase.open)
    this.#tell({ told: 'opened', origin: this.#log!.origin!, folder: this.#log!.folder, head })
    Atomics.notify(this.#words, Word.phase)
    return []
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
    this.take() // what was published before the order
    if (order.do === 'wake') this.#log.nudge()
    if (order.do === 'hurry') this.#log.hurry()
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

/** A slot as an entry of the log. */
class SlotEntry implements Entry {
  readonly event = 'record'
  readonly wait = 'durable'
  readonly body: ReturnType<LogThread['bodyOf']>
  readonly bytes: number

  constructor(
    private readonly thread: LogThread,
    private readonly slot: number,
  ) {
    this.body = thread.bodyOf(slot)
    this.bytes = this.body.end - this.body.start
  }

  settled(error: TrailproofError | undefined, receipt: Receipt | undefined): void {
    this.thread.settled(this.slot, error, receipt)
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
