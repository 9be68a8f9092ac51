// A Reader over a log that is held in memory: the memory writer's contents, or what was fetched from elsewhere.
import { formatVkey, KeyType } from '@trailproof/tlog'
import type { MemoryLog } from '../writers/memory.js'
import { sha256 } from './keys.js'
import { type Chunk, lineEnds, type Reader } from './reader.js'

export interface LogContents {
  name?: string | undefined
  /** The lines, each with its `\n`; as one piece or several, cut anywhere. */
  lines: Uint8Array | readonly Uint8Array[] | string
  /** Every signed checkpoint, oldest first. */
  checkpoints: readonly string[] | string
  /** Default: none apart from `checkpoints`. */
  checkpoint?: string | undefined
  vkey?: string | undefined
}

/** The contents are copied when they are read, never changed. */
export function contentsReader({ name = 'memory', lines, checkpoints, checkpoint, vkey }: LogContents): Reader {
  return {
    name,
    async *read(from) {
      const bytes =
        typeof lines === 'string'
          ? Buffer.from(lines)
          : lines instanceof Uint8Array
            ? Uint8Array.from(lines)
            : Buffer.concat(lines)
      yield cutFrom(bytes, from)
    },
    async *notes() {
      yield typeof checkpoints === 'string' ? checkpoints : checkpoints.join('')
    },
    newest: async () => checkpoint,
    vkey: async () => vkey,
    tile: async () => [],
  }
}

/** A log of `memoryWriter().logs`, as it stands at each reading. */
export function memoryReader(log: MemoryLog): Reader {
  return {
    ...contentsReader({ lines: '', checkpoints: '' }),
    name: log.slot,
    read: (from) =>
      contentsReader({ lines: log.lines.map((line) => `${line}\n`).join(''), checkpoints: '' }).read(from),
    notes: () => contentsReader({ lines: '', checkpoints: log.notes }).notes(),
    newest: async () => log.notes.at(-1),
    vkey: async () => log.keys.map((key) => `${formatVkey(sha256, log.origin, KeyType.ed25519, key)}\n`).join(''),
  }
}

function cutFrom(bytes: Uint8Array, from: number): Chunk {
  const all = lineEnds(bytes)
  const start = from > 0 ? (all[from - 1] ?? bytes.length - 1) + 1 : 0
  const end = (all.at(-1) ?? -1) + 1
  const ends = all.slice(from).map((at) => at - start)
  const rest = end < bytes.length ? bytes.subarray(end) : undefined
  return {
    first: from,
    segment: 0,
    limit: Number.POSITIVE_INFINITY,
    bytes: bytes.subarray(start, Math.max(start, end)),
    ends,
    rest,
  }
}
