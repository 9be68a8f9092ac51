// A log on a writer that does as it is told, and a clock that moves when told to.
import { generateKeyPairSync, sign } from 'node:crypto'
import type { TrailproofError } from '../../src/errors.js'
import { type Entry, Log, type LogOptions, type LogState, type Receipt, type Timers } from '../../src/log/log.js'
import { memoryWriter } from '../../src/writers/memory.js'
import type { Lease, OpenLog } from '../../src/writers/writer.js'

export const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const rawKey = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))

export class Clock implements Timers {
  #now = 0
  #waiting: { at: number; run(): void; hold: boolean }[] = []
  now = () => this.#now
  soon = (run: () => void) => void setImmediate(run)
  after = (ms: number, run: () => void, hold = false) => {
    const waiting = { at: this.#now + ms, run, hold }
    this.#waiting.push(waiting)
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
      },
    }
  }
  get waiting(): number {
    return this.#waiting.length
  }
  get held(): number {
    return this.#waiting.filter(({ hold }) => hold).length
  }
  async advance(ms: number): Promise<void> {
    this.#now += ms
    for (let due = this.#due(); due; due = this.#due()) {
      this.#waiting = this.#waiting.filter((other) => other !== due)
      due.run()
    }
    await turns()
  }
  #due = () => this.#waiting.filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)[0]
}

export async function turns(count = 4): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** How an entry ended: `index` or error code, each time `settled` was called. */
export type Outcome = number | string

export function start(options: Partial<LogOptions> & { wrap?: (log: OpenLog) => OpenLog } = {}) {
  const writer = memoryWriter()
  const clock = new Clock()
  const states: LogState[] = []
  const signed: number[] = []
  const calls: string[] = []
  const gate = new Gate()
  const lease = writer.lease('shop')
  const { wrap = (log) => log, ...rest } = options
  const log = new Log({
    lease: watched(lease, (open) => wrap(record(open, calls, gate))),
    service: 'shop',
    key: {
      publicKey: rawKey,
      sign(message) {
        signed.push(Number(Buffer.from(message).toString().split('\n')[1]))
        return sign(null, message, privateKey)
      },
    },
    limits: { maxQueuedBytes: 100_000, maxQueuedRecords: 1000 },
    stalledAfterMs: 1000,
    preamble: () => [],
    onState: (state) => void states.push(state),
    timers: clock,
    randomId: () => 'abc',
    ...rest,
  })
  const outcomes: Record<string, Outcome[]> = {}
  const append = (event: string, more: Partial<Entry> = {}) => {
    const settled = (error: TrailproofError | undefined, receipt: Receipt | undefined) => {
      outcomes[event] ??= []
      outcomes[event].push(error ? `${error.code} ${error.record}` : receipt!.index)
    }
    return log.append({ event, body: `"event":"${event}"}`, bytes: 50, wait: 'durable', settled, ...more })
  }
  const lines = () => writer.logs[0]?.lines ?? []
  return { log, writer, clock, states, signed, calls, gate, append, outcomes, lines, lease }
}

/** Holds calls to the writer until told, or fails them. */
export class Gate {
  closed = false
  failing: Error | undefined
  #open: (() => void)[] = []
  async pass(): Promise<void> {
    if (this.closed) await new Promise<void>((resolve) => this.#open.push(resolve))
    if (this.failing) throw this.failing
  }
  async release(): Promise<void> {
    this.closed = false
    for (const open of this.#open.splice(0)) open()
    await turns()
  }
}

function record(open: OpenLog, calls: string[], gate: Gate): OpenLog {
  return {
    ...open,
    async append(batch) {
      calls.push(`append ${batch.first}+${batch.count}`)
      await gate.pass()
      return open.append(batch)
    },
    async putCheckpoint(note, options) {
      calls.push(`checkpoint ${options.size}${options.sync ? ' sync' : ''}`)
      await gate.pass()
      return open.putCheckpoint(note, options)
    },
    close() {
      calls.push('close')
      return open.close()
    },
  }
}

function watched(lease: Lease, wrap: (log: OpenLog) => OpenLog): Lease {
  return { slot: lease.slot, open: async (request) => wrap(await lease.open(request)), release: () => lease.release() }
}
