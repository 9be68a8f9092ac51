// A writer that keeps logs in memory: for tests, and for looking at what would be written. Nothing survives the process.
import { consistencyProof, equalBytes, Frontier, leafReader, openCheckpoint } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { checkpointVerifier, hasher } from '../log/crypto.js'
import type { Batch, Evidence, Head, Lease, OpenLog, OpenRequest, Writer } from './writer.js'

/** A log as memory keeps it. */
export interface MemoryLog {
  readonly slot: string
  readonly origin: string
  readonly publicKey: Uint8Array
  /** The same, and every key that the log was handed over to since. */
  readonly keys: Uint8Array[]
  /** Lines without their `\n`, by leaf index. */
  readonly lines: string[]
  /** Every checkpoint, oldest first. */
  readonly notes: string[]
  /** What anchors gave back, by file name. */
  readonly receipts: ReadonlyMap<string, Uint8Array>
}

type Kept = MemoryLog & { frontier: Frontier; receipts: Map<string, Uint8Array> }

export interface MemoryWriter extends Writer {
  /** What it keeps, by slot; the arrays grow. */
  readonly logs: readonly MemoryLog[]
}

/**
 * Keeps logs in memory. A slot that was released and is leased again brings its log back.
 *
 * Counts as durable what it was given, so never use it where a record must survive the process.
 */
export function memoryWriter(): MemoryWriter {
  const logs: Kept[] = []
  const held = new Set<string>()
  return {
    kind: 'memory',
    describe: () => ({}),
    logs,
    lease(service) {
      let n = 0
      while (held.has(`${service}-${n}`)) n++
      const slot = `${service}-${n}`
      held.add(slot)
      return lease(slot)
    },
    evidence: (slot) => memoryEvidence(() => logs.filter((log) => log.slot === slot)),
  }

  function lease(slot: string): Lease {
    let released = false
    const openSync = (request: OpenRequest) => {
      if (released) throw new TrailproofError('TRAILPROOF_CLOSED', `slot ${slot} was given up`)
      return openLog(logOf(slot, request), () => released)
    }
    return {
      slot,
      open: async (request) => openSync(request),
      openSync,
      release() {
        if (!released) held.delete(slot)
        released = true
      },
    }
  }

  function logOf(slot: string, request: OpenRequest) {
    const known = logs.findLast((log) => log.slot === slot)
    if (known && [request.publicKey, request.previousKey].some((key) => key && equalBytes(key, known.keys.at(-1)!))) {
      const isOwn = equalBytes(known.keys.at(-1)!, request.publicKey)
      return {
        log: known,
        head: { ...headOf(known), ...(!isOwn && { firstKey: known.publicKey, previousKeySigns: true as const }) },
      }
    }
    const publicKey = Uint8Array.from(request.publicKey)
    const log = {
      slot,
      origin: request.newOrigin(slot),
      publicKey,
      keys: [publicKey],
      lines: [],
      notes: [],
      receipts: new Map<string, Uint8Array>(),
      frontier: new Frontier(hasher),
    }
    logs.push(log)
    const last = known?.notes.at(-1)
    const previous = known && {
      origin: known.origin,
      kind: 'key' as const,
      problem: 'signed with another key',
      ...(last !== undefined && { checkpoint: last }),
    }
    return { log, head: { ...headOf(log), ...(previous && { previous }) } }
  }
}

/** Nobody can roll memory back, so no anchor is asked about it. */
function memoryEvidence(logs: () => Kept[]): Evidence {
  const of = (origin: string) => logs().find((log) => log.origin === origin)
  return {
    origins: async () => [],
    checkpoint: async (origin) => of(origin)?.notes.at(-1),
    async prove(origin, from, to) {
      const leaves = (of(origin)?.lines ?? []).map((line) => hasher.leaf(Buffer.from(line)))
      return consistencyProof(hasher, from, to, leafReader(hasher, leaves))
    },
    async keep(origin, name, bytes) {
      of(origin)?.receipts.set(name, bytes)
    },
  }
}

function headOf(log: Kept): Head {
  const last = log.notes.at(-1)
  const verifiers = log.keys.map((key) => checkpointVerifier(log.origin, key))
  const signedSize = last === undefined ? 0 : openCheckpoint(last, verifiers, log.origin).checkpoint.size
  const size = log.lines.length
  const rotated = log.keys.length > 1 && { firstKey: log.publicKey }
  const head = { size, frontier: log.frontier.hashes, signedSize, ...rotated }
  return size > signedSize ? { ...head, recovered: { from: signedSize, to: size, quarantinedBytes: 0 } } : head
}

function openLog({ log, head }: { log: Kept; head: Head }, released: () => boolean): OpenLog {
  let closed = false
  const append = ({ first, count, bytes, leafHashes }: Batch) => {
    if (closed || released()) throw new TrailproofError('TRAILPROOF_CLOSED', 'the log is closed')
    const lines = Buffer.from(bytes).toString('utf8').split('\n')
    if (first !== log.lines.length || lines.pop() !== '' || lines.length !== count)
      throw new TrailproofError(
        'TRAILPROOF_WRITE_FAILED',
        `lines from ${first} do not follow the ${log.lines.length} that are there`,
        {
          expected: log.lines.length,
          found: first,
        },
      )
    log.lines.push(...lines)
    log.frontier.appendAll(leafHashes)
  }
  const keep = (note: string) => {
    if (closed || released()) throw new TrailproofError('TRAILPROOF_CLOSED', 'the log is closed')
    if (log.notes.at(-1) !== note) log.notes.push(note)
  }
  return {
    origin: log.origin,
    head,
    append: async (batch) => append(batch),
    putCheckpoint: async (note) => keep(note),
    addKey: async (publicKey) => void log.keys.push(Uint8Array.from(publicKey)),
    finishSync(batch, sign) {
      if (batch) append(batch)
      if (sign) keep(sign(log.lines.length))
      return true
    },
    close: async () => {
      closed = true
    },
  }
}
