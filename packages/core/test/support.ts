// An audit in memory whose log fails, hangs or recovers on command.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type Audit,
  type AuditOptions,
  type Batch,
  createAudit,
  type LogRecord,
  memoryKeys,
  memoryWriter,
  type Writer,
} from '../src/index.js'
import type { MemoryWriter } from '../src/writers/memory.js'

export type Line = LogRecord & { v: number; seq: number }

/** A writer over memory whose `append` and `open` obey. */
export class Faulty implements Writer {
  readonly kind = 'faulty'
  readonly memory: MemoryWriter = memoryWriter()
  appends = 0
  #mode: 'work' | 'reject' | 'hang' = 'work'
  #waiting: (() => void)[] = []
  #opening: Promise<void> = Promise.resolve()

  describe() {
    return {}
  }

  reject(): this {
    this.#mode = 'reject'
    return this
  }

  hang(): this {
    this.#mode = 'hang'
    return this
  }

  /** Works again, and answers what hangs. */
  work(): this {
    this.#mode = 'work'
    for (const go of this.#waiting.splice(0)) go()
    return this
  }

  openAfter(promise: Promise<void>): this {
    this.#opening = promise
    return this
  }

  lease(service: string) {
    const lease = this.memory.lease(service)
    return {
      slot: lease.slot,
      release: () => lease.release(),
      open: async (request: Parameters<typeof lease.open>[0]) => {
        await this.#opening
        const log = await lease.open(request)
        const append = async (batch: Batch) => {
          this.appends++
          if (this.#mode === 'reject') throw new Error('ENOSPC: no space left on device')
          if (this.#mode === 'hang') await new Promise<void>((resolve) => this.#waiting.push(resolve))
          return log.append(batch)
        }
        return { ...log, append }
      },
    }
  }
}

export interface TestAudit {
  audit: Audit
  writer: Faulty
  /** Every line so far, without the audit's own unless asked. */
  lines(own?: boolean): Promise<Line[]>
  /** The lines as text. */
  raw(): string[]
}

export function testAudit(options: Partial<AuditOptions> = {}): TestAudit {
  const writer = (options.writer as Faulty | undefined) ?? new Faulty()
  const audit = createAudit({ service: 'shop', keys: memoryKeys(), heartbeatEveryMs: 0, ...options, writer })
  onTestFinished(async () => {
    writer.work()
    await audit.close().catch(() => {})
  })
  const raw = () => writer.memory.logs.flatMap((log) => log.lines)
  return {
    audit,
    writer,
    raw,
    async lines(own = false) {
      await audit.flush()
      return raw()
        .map((line) => JSON.parse(line) as Line)
        .filter((line) => own || !line.event.startsWith('audit.'))
    },
  }
}

export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tp-core-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Waits until a condition holds, turn by turn. */
export async function eventually(holds: () => boolean, what = 'the condition'): Promise<void> {
  const until = Date.now() + 10_000
  while (!holds()) {
    if (Date.now() > until) throw new Error(`${what} never held`)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** The named error that a call ends in. */
export async function errorOf(call: () => unknown): Promise<Record<string, unknown> & Error> {
  try {
    await call()
  } catch (error) {
    return error as Record<string, unknown> & Error
  }
  throw new Error('no error')
}
