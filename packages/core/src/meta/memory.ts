// What a meta-log knows: the newest checkpoint of each log, and which findings are open. Nothing is remembered anywhere else,
// so that a restart neither forgets nor repeats; it is read back from the records.
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isTrailproofError, TrailproofError } from '../errors.js'
import { readLog } from '../follow/follow.js'
import { readNote } from '../verify/judge.js'
import { logFoldersAmong, parseLogFolder } from '../writers/file/layout.js'

/** Slot names of a meta-log begin with it; no service should be called so. */
export const META = 'meta'
export const SEEN = 'audit.checkpoint_seen'
export const ENDED = 'audit.finding_ended'

export type FindingKind =
  | 'silent'
  | 'missing'
  | 'unexpected'
  | 'rolled_back'
  | 'forked'
  | 'wrong_key'
  | 'wrong_origin'
  | 'bad_signature'
  | 'unreadable'
  | 'corrupt'

export interface Finding {
  kind: FindingKind
  /** Origin of the log, or `shop:2` where too few processes of a service are alive. */
  log: string
  folder?: string
  detail: string
  /** The checkpoint that was recorded before, and the one that contradicts it: together they are the evidence. */
  known?: string
  found?: string
}

/** One kind of finding about one log is open at most once. */
export const keyOf = ({ kind, log }: Pick<Finding, 'kind' | 'log'>): string => `${kind} ${log}`

export interface KnownLog {
  origin: string
  folder: string
  size: number
  /** latin1 */
  root: string
  /** Its newest recorded checkpoint, with the log's own signature. */
  note: string
  /** The key that signed it. */
  vkey: string
  /** When it was recorded last, and when it was last recorded to have grown since it was first seen; ms since 1970. */
  recorded: number
  grew: number
}

export class MetaMemory {
  readonly logs = new Map<string, KnownLog>()
  readonly open = new Map<string, Finding>()

  /** Takes in one record of the meta-log; any other line says nothing. */
  take(line: Uint8Array): void {
    const record = parse(line)
    if (!record) return
    const { event, time, data } = record
    if (event === SEEN) this.#see(data, Date.parse(time))
    else if (event === ENDED) this.open.delete(keyOf(data as unknown as Finding))
    else if (typeof data['kind'] === 'string' && typeof data['log'] === 'string')
      this.open.set(keyOf(data as unknown as Finding), data as unknown as Finding)
  }

  // The largest wins: a meta-log that was damaged, and followed by another, must not take anything back.
  #see({ log, folder, checkpoint, vkey }: Record<string, unknown>, time: number): void {
    const read = typeof checkpoint === 'string' ? readNote(checkpoint) : undefined
    if (!read || read.origin !== log || typeof vkey !== 'string' || !Number.isFinite(time)) return
    const { origin, size, root } = read
    const before = this.logs.get(origin)
    if (before && before.size > size) return
    this.logs.set(origin, {
      origin,
      folder: String(folder),
      size,
      root,
      note: checkpoint as string,
      vkey,
      recorded: time,
      grew: before && before.size === size ? before.grew : time,
    })
  }
}

interface Told {
  event: string
  time: string
  data: Record<string, unknown>
}

const FINDINGS = [
  'audit.integrity_failed',
  'audit.process_silent',
  'audit.process_missing',
  'audit.process_unexpected',
  SEEN,
  ENDED,
]

function parse(line: Uint8Array): Told | undefined {
  try {
    const { event, time, source, data } = JSON.parse(Buffer.from(line).toString()) as Told & { source: string }
    const counts = source === 'audit' && FINDINGS.includes(event) && typeof data === 'object' && data !== null
    return counts ? { event, time: String(time), data } : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads back a meta-log, with those that it follows: one that was found damaged still says what it has seen.
 *
 * @param folder - `audit/meta-0`, or the newest of its epochs
 */
export async function readMemory(folder: string): Promise<MetaMemory> {
  const memory = new MetaMemory()
  const own = parseLogFolder(basename(folder))
  const names = logFoldersAmong(await readdir(dirname(folder)).catch(() => []))
  const epochs = names.filter(({ service, slot }) => own && service === own.service && slot === own.slot)
  for (const { name } of own ? epochs : [{ name: basename(folder) }]) {
    try {
      for await (const { bytes } of readLog(join(dirname(folder), name))) memory.take(bytes)
    } catch (error) {
      const damaged = isTrailproofError(error, 'TRAILPROOF_LOG_UNREADABLE')
      const gone = isTrailproofError(error, 'TRAILPROOF_LOG_NOT_FOUND')
      if (name === epochs.at(-1)?.name || !(damaged || gone)) throw error
    }
  }
  return memory
}

/**
 * The newest checkpoint of each log that a meta-log has recorded, as signed notes: what `against` of `verifyRoot` takes.
 * Only those that a meta-log which verifies has recorded prove anything: verify it as well.
 *
 * @param folder - `audit/meta-0`
 * @param origin - of one log alone
 * @throws TRAILPROOF_LOG_NOT_FOUND there is no log in it, or it has recorded no checkpoint at all
 */
export async function metaCheckpoints(folder: string, origin?: string): Promise<string[]> {
  const logs = [...(await readMemory(folder)).logs.values()]
  if (logs.length === 0)
    throw new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', `the log in ${folder} has recorded no checkpoints`, {
      hint: 'give the folder of the meta-log, as audit/meta-0',
      path: folder,
    })
  return logs.filter((log) => origin === undefined || log.origin === origin).map(({ note }) => note)
}
