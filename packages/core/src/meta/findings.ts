// What one round of looking comes to: what is wrong now, with each log and with the set of them.
import { basename } from 'node:path'
import { newestEpoch, parseLogFolder, slotName } from '../writers/file/layout.js'
import { type Expected, isExpected, serviceOf } from './expected.js'
import type { Look, Seen } from './look.js'
import { type Finding, type KnownLog, keyOf, type MetaMemory } from './memory.js'

export interface Circumstances {
  looks: readonly Look[]
  memory: MetaMemory
  expected: Expected
  /** Origins that are gone for good, as the caller says. */
  retired: ReadonlySet<string>
  silentAfterMs: number
  /** Milliseconds since 1970. */
  now: number
}

/** A clock that is ahead by more proves no sign of life: else a record of the year 2100 would be one for ever. */
const AHEAD_MS = 60_000

/** Everything that is wrong at this moment, each once. */
export function judgeRound(around: Circumstances): Finding[] {
  const { looks, memory, expected, retired } = around
  const findings: Finding[] = []
  const alive = new Map<string, number>()
  const here = new Set<string>()
  for (const look of looks) {
    const { dir, origin, seen, fault } = look
    if (origin === undefined) continue
    here.add(origin)
    const about = { log: origin, folder: basename(dir) }
    if (!isExpected(expected, origin))
      findings.push({ kind: 'unexpected', ...about, detail: 'nobody expects this log' })
    if (fault) findings.push({ ...about, ...fault, ...knownNote(memory, origin) })
    if (!seen || seen.last === STOPPED || isOver(look, looks)) continue
    const quiet = quietMs(seen, memory.logs.get(origin), around)
    if (quiet > around.silentAfterMs)
      findings.push({
        kind: 'silent',
        ...about,
        detail: `no sign of life for ${Math.round(quiet / 1000)} s, and it has not stopped`,
      })
    else alive.set(serviceOf(origin), (alive.get(serviceOf(origin)) ?? 0) + 1)
  }
  for (const origin of new Set([...memory.logs.keys(), ...expected.origins]))
    if (!here.has(origin) && !retired.has(origin)) findings.push(missing(memory, origin))
  for (const [service, count] of expected.counts) {
    const found = alive.get(service) ?? 0
    if (found < count)
      findings.push({
        kind: 'missing',
        log: `${service}:${count}`,
        detail: `${found} of ${count} processes of service ${service} are alive`,
      })
  }
  return [...new Map(findings.map((finding) => [keyOf(finding), finding])).values()]
}

const STOPPED = 'audit.stopped'

const knownNote = (memory: MetaMemory, origin: string) => {
  const note = memory.logs.get(origin)?.note
  return note !== undefined && { known: note }
}

function missing(memory: MetaMemory, origin: string): Finding {
  const known = memory.logs.get(origin)
  if (!known) return { kind: 'missing', log: origin, detail: 'it is expected, and was never here' }
  const detail = `it is not here any more; it had ${known.size} records`
  return { kind: 'missing', log: origin, folder: known.folder, detail, known: known.note }
}

/** The log that another one follows (`shop-0` beside `shop-0.e2`) is over, and silent for good. */
function isOver({ dir }: Look, looks: readonly Look[]): boolean {
  const own = parseLogFolder(basename(dir))
  if (!own) return false
  const parent = dir.slice(0, -basename(dir).length)
  const beside = looks.filter((look) => look.dir.startsWith(parent)).map((look) => look.dir.slice(parent.length))
  return newestEpoch(slotName(own.service, own.slot), beside) > own.epoch
}

// By the log's own clock, or because it has grown since it was recorded: a clock that is behind makes no process silent.
function quietMs(seen: Seen, known: KnownLog | undefined, { now }: Circumstances): number {
  const heard = seen.heard !== undefined && seen.heard <= now + AHEAD_MS ? seen.heard : Number.NEGATIVE_INFINITY
  const grew = !known ? (seen.heard === undefined ? now : heard) : seen.size > known.size ? now : known.grew
  return now - Math.max(heard, grew)
}
