// The meta-log: a log whose records are the checkpoints of other logs, and what is wrong with them. One anchor of it covers
// all of them, and what it has seen, none of them can take back (DESIGN section 5).
//
//   round ─► look at every log ─► judge ─► records ─► durable, signed ─► known
//
// Nothing is known before it stands in the meta-log: killed at any moment, the next round begins where this one did.
import { basename, dirname, resolve } from 'node:path'
import type { Anchor } from '../anchor/anchor.js'
import type { Opened } from '../audit.js'
import { isTrailproofError, TrailproofError } from '../errors.js'
import type { CatalogueName } from '../event/catalogue.js'
import type { Outcome } from '../event/event.js'
import { type Clock, WallClock } from '../event/time.js'
import { checkOptions, known } from '../options.js'
import type { KeyOptions } from '../privacy/keys.js'
import { Recorder } from '../recorder.js'
import { type PublicKey, parseKeys } from '../verify/keys.js'
import { findLogs } from '../verify/verify-root.js'
import { fileWriter } from '../writers/file/file-writer.js'
import { parseLogFolder, slotName } from '../writers/file/layout.js'
import type { Writer } from '../writers/writer.js'
import { type Expected, parseExpected } from './expected.js'
import { judgeRound } from './findings.js'
import { type Look, lookAt } from './look.js'
import { ENDED, type Finding, keyOf, META, type MetaMemory, readMemory, SEEN } from './memory.js'
import { againData, dueAgain, EVENTS, findingData, isNews, nowKnown, seenData } from './records.js'

export interface MetaLogOptions {
  /** Root folders whose logs are looked after (`audit`); a folder that is not there has none. */
  roots: readonly string[]
  /** Root folder in which the meta-log is kept, as `<folder>/meta-0`. Default: the first of `roots`. */
  folder?: string | undefined
  /** Keys of the meta-log; best not those of the services. Default as createAudit. */
  keys?: KeyOptions | undefined
  /** What there should be (see docs/meta-log.md): `shop:2`, origins, vkeys; one a line. Default: what was seen before. */
  expect?: readonly string[] | undefined
  /** Public keys that logs must be signed with when they are first seen. Default: what each log names itself. */
  logKeys?: readonly string[] | undefined
  /** Origins that were removed for good, and are not missed. */
  retired?: readonly string[] | undefined
  /** Milliseconds without a sign of life after which a process is silent. Default 180,000: three heartbeats. */
  silentAfterMs?: number | undefined
  /** Where checkpoints of the meta-log go. Default: none. */
  anchors?: readonly Anchor[] | undefined
  /** For tests. */
  clock?: Clock | undefined
}

export interface Round {
  /** Logs that are there; `size` when their newest checkpoint is believed. */
  logs: { log: string; folder: string; size?: number; ok: boolean }[]
  /** What is wrong now; empty when all is well. */
  findings: Finding[]
  /** Those of them that this round has found, and what has ended since the one before. */
  began: Finding[]
  ended: Finding[]
}

export interface MetaLog {
  readonly opened: Opened
  /**
   * Looks at every log once. Resolves when what was found is durable, and signed.
   *
   * @throws TRAILPROOF_WRITE_FAILED the meta-log could not be written; open it anew, nothing is forgotten
   */
  round(): Promise<Round>
  close(): Promise<void>
}

const OPTIONS = ['roots', 'folder', 'keys', 'expect', 'logKeys', 'retired', 'silentAfterMs', 'anchors', 'clock']
const SILENT_AFTER_MS = 180_000
const LOOKED_AT_ONCE = 8

/**
 * Opens the meta-log, or begins it, and reads back what it knows. One process at a time.
 *
 * @throws TRAILPROOF_OPTION_INVALID, TRAILPROOF_KEY_INVALID, TRAILPROOF_KEY_MISSING, TRAILPROOF_KEY_UNREADABLE,
 * TRAILPROOF_KEY_UNSAFE, TRAILPROOF_FOLDER_UNWRITABLE nothing was written; the last also when another process holds it
 */
export async function openMetaLog(options: MetaLogOptions): Promise<MetaLog> {
  known(options, OPTIONS, '')
  const { silentAfterMs = SILENT_AFTER_MS } = options
  if (!Array.isArray(options.roots) || options.roots.length === 0)
    throw invalid('option "roots" must name at least one folder')
  if (!(Number.isInteger(silentAfterMs) && silentAfterMs >= 1000))
    throw invalid('option "silentAfterMs" must be a whole number of milliseconds, at least 1000')
  const expected = parseExpected(options.expect ?? [])
  const given = [...expected.keys, ...(options.logKeys ?? []).flatMap(parseKeys)]
  const folder = resolve(options.folder ?? options.roots[0]!)
  const settings = checkOptions({
    service: META,
    writer: onlySlot(folder),
    ...(options.keys && { keys: options.keys }),
    ...(options.anchors && { anchors: options.anchors }),
    ...(options.clock && { clock: options.clock }),
  })
  const clock = options.clock ?? new WallClock((ms) => recorder.own('audit.clock_stepped', { step_ms: ms }))
  const recorder = new Recorder(settings, clock)
  try {
    const opened = await recorder.ready
    const memory = await readMemory(resolve(folder, slotName(META, 0)))
    const retired = new Set(options.retired ?? [])
    const roots = [...new Set(options.roots.map((root) => resolve(root)))]
    const parts = { recorder, clock, opened, memory, roots, folder, expected, given, retired, silentAfterMs }
    return new Collector(parts)
  } catch (error) {
    await recorder.close().catch(() => {})
    throw error
  }
}

interface Parts {
  recorder: Recorder
  clock: Clock
  opened: Opened
  memory: MetaMemory
  roots: readonly string[]
  folder: string
  expected: Expected
  given: readonly PublicKey[]
  retired: ReadonlySet<string>
  silentAfterMs: number
}

class Collector implements MetaLog {
  readonly opened: Opened
  readonly #parts: Parts
  #failed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.opened = parts.opened
  }

  async round(): Promise<Round> {
    const { memory, expected, retired, silentAfterMs, clock } = this.#parts
    const looks = await this.#look()
    const now = clock.now()
    const findings = judgeRound({ looks, memory, expected, retired, silentAfterMs, now })
    const keys = new Set(findings.map(keyOf))
    const began = findings.filter((finding) => !memory.open.has(keyOf(finding)))
    const ended = [...memory.open.values()].filter((finding) => !keys.has(keyOf(finding)))
    const news = looks.filter(({ seen, origin }) => seen && isNews(seen, memory.logs.get(origin!)))
    const again = dueAgain(memory, news, retired, now)
    for (const { origin, dir, seen } of news) this.#own(SEEN, seenData(origin!, dir, seen!, memory.logs.get(origin!)))
    for (const log of again) this.#own(SEEN, againData(log))
    for (const finding of began) this.#own(EVENTS[finding.kind], findingData(finding), 'failure')
    for (const { kind, log, folder } of ended) this.#own(ENDED, { kind, log, folder })
    if (news.length + again.length + began.length + ended.length > 0) await this.#settle()
    for (const look of news) memory.logs.set(look.origin!, nowKnown(look, memory.logs.get(look.origin!), now))
    for (const log of again) memory.logs.set(log.origin, { ...log, recorded: now })
    for (const finding of began) memory.open.set(keyOf(finding), finding)
    for (const finding of ended) memory.open.delete(keyOf(finding))
    const bad = new Set(findings.map(({ log }) => log))
    const logs = looks.flatMap(({ dir, origin, seen }) =>
      origin === undefined
        ? []
        : [{ log: origin, folder: basename(dir), ...(seen && { size: seen.size }), ok: !bad.has(origin) }],
    )
    return { logs, findings: findings.map((finding) => memory.open.get(keyOf(finding))!), began, ended }
  }

  close(): Promise<void> {
    return this.#parts.recorder.close()
  }

  async #look(): Promise<Look[]> {
    const { memory, roots, folder, given } = this.#parts
    const dirs: string[] = []
    for (const root of roots)
      for (const dir of await logsIn(root)) if (!(dirname(dir) === folder && isMeta(dir))) dirs.push(dir)
    const acquaintance = {
      known: (origin: string) => memory.logs.get(origin),
      inFolder: (dir: string) => [...memory.logs.values()].reverse().find((log) => log.folder === basename(dir)),
      given: (origin: string) => given.filter((key) => key.origin === undefined || key.origin === origin),
    }
    const looks: Look[] = []
    for (let at = 0; at < dirs.length; at += LOOKED_AT_ONCE)
      looks.push(...(await Promise.all(dirs.slice(at, at + LOOKED_AT_ONCE).map((dir) => lookAt(dir, acquaintance)))))
    return looks
  }

  #own(event: CatalogueName & `audit.${string}`, data: Record<string, unknown>, outcome?: Outcome): void {
    const lost = () => {
      this.#failed = true
    }
    if (!this.#parts.recorder.own(event, data, { lost, outcome })) lost()
  }

  // A write that failed may still have reached the disk: what stands there is only known after opening it again.
  async #settle(): Promise<void> {
    await this.#parts.recorder.flush().catch((cause) => {
      this.#failed = true
      throw unwritten(cause)
    })
    if (this.#failed) throw unwritten()
  }
}

async function logsIn(root: string): Promise<string[]> {
  try {
    return await findLogs(root)
  } catch (error) {
    if (isTrailproofError(error, 'TRAILPROOF_LOG_NOT_FOUND')) return [] // then every log of it is missing
    throw error
  }
}

const isMeta = (dir: string) => parseLogFolder(basename(dir))?.service === META

/** One slot and no other: two collectors would each tell half of the story. */
function onlySlot(folder: string): Writer {
  const writer = fileWriter(folder, { thread: false })
  const slot = slotName(META, 0)
  return {
    ...writer,
    lease: () => {
      const lease = writer.leaseThis(slot)
      if (lease) return lease
      throw new TrailproofError('TRAILPROOF_FOLDER_UNWRITABLE', `another process keeps the meta-log in ${folder}`, {
        path: folder,
        hint: 'one collector is enough for all logs; end the other one first',
      })
    },
  }
}

const invalid = (message: string) => new TrailproofError('TRAILPROOF_OPTION_INVALID', message)

const unwritten = (cause?: unknown) =>
  new TrailproofError('TRAILPROOF_WRITE_FAILED', 'what was found could not be written to the meta-log', {
    record: 'unknown',
    hint: 'start the collector again: it reads back what stands there, and looks anew',
    cause,
  })
