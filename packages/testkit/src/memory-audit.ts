// An audit in memory, for the tests of an application: no file, no thread, no open handle, keys that die with it.
import { type Audit, type AuditOptions, createAudit, type LogRecord, memoryKeys, memoryWriter } from '@trailproof/core'

/** A record as a test sees it. */
export type TestRecord = LogRecord & { v: number; seq: number }

export interface MemoryAudit {
  /** Give it to the application in place of the real one. */
  audit: Audit
  /**
   * Everything recorded so far, in order; the audit's own records (`audit.*`) only when asked for.
   *
   * @param event only records of this name, or of names that begin with it when it ends in `*`
   */
  records(event?: string): Promise<TestRecord[]>
  /** Undoes all hooks and ends the audit. */
  close(): Promise<void>
}

/** Everything as in `createAudit`, but writer, keys and heartbeat, which are memory's own. */
export function memoryAudit(
  options: Partial<Omit<AuditOptions, 'writer' | 'keys' | 'heartbeatEveryMs'>> = {},
): MemoryAudit {
  const writer = memoryWriter()
  const audit = createAudit({ service: 'test', ...options, writer, keys: memoryKeys(), heartbeatEveryMs: 0 })
  return {
    audit,
    async records(event) {
      await audit.flush()
      const all = writer.logs.flatMap((log) => log.lines.map((line) => JSON.parse(line) as TestRecord))
      return all.filter((record) => matches(record.event, event))
    },
    close: () => audit.close(),
  }
}

function matches(name: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return !name.startsWith('audit.')
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
