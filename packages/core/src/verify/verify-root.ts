// Verifies what lies under a path: one log folder, or the root folder of several.
import { readdir, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { TrailproofError } from '../errors.js'
import { CHECKPOINT, CHECKPOINT_HISTORY, parseLogFolder, SEGMENTS, VKEY } from '../writers/file/layout.js'
import { folderReader } from './folder-reader.js'
import { Judge, readNote } from './judge.js'
import { type PublicKey, parseKeys } from './keys.js'
import type { LogReport, Problem, RootReport } from './report.js'
import { base64Of, Tree } from './tree.js'
import { Twins } from './twins.js'
import { believedKeys, checkpointsIn, claimedOrigin, type VerifyOptions, verifyLog } from './verify-log.js'
import { readPolicy } from './witnessed.js'

/**
 * Verifies a log folder, or every log in a root folder.
 *
 * A log that a given vkey or a checkpoint in `against` names, and that is not there, is reported as one of the logs.
 *
 * @param dir - `audit/shop-0` or `audit`
 * @throws TRAILPROOF_LOG_NOT_FOUND there is no log
 * @throws TRAILPROOF_KEY_INVALID, TRAILPROOF_CHECKPOINT_CORRUPT, TRAILPROOF_POLICY_INVALID as verifyLog; nothing was read
 */
export async function verifyRoot(dir: string, options: VerifyOptions = {}): Promise<RootReport> {
  const policy = options.policy === undefined ? undefined : readPolicy(options.policy)
  const keys = believedKeys(options.keys, policy).flatMap(parseKeys)
  const against = checkpointsIn(options.against)
  const folders = await findLogs(dir)
  const several = !(folders.length === 1 && resolve(folders[0]!) === resolve(dir))
  const logs: LogReport[] = []
  const twins = new Twins()
  for (const folder of folders) {
    const reader = folderReader(folder)
    // In a root, a checkpoint kept elsewhere is about the log it names; beside a single log it must be about that one.
    const origin = several ? await claimedOrigin(reader) : undefined
    const about = several ? against.filter((note) => originOf(note) === origin) : against
    const report = await verifyLog(reader, { ...options, against: about })
    logs.push(report)
    twins.add(report.checkpoints > 0 ? report.origin : origin, await realpath(folder), report)
  }
  twins.report()
  if (several)
    logs.push(
      ...absent(
        logs,
        keys.map((key) => key.origin),
        [...against, ...(await knownToAnchors(options, keys))],
      ),
    )
  const trust = keys.length === 0 ? 'self' : logs.every(({ anchored }) => anchored) ? 'anchored' : 'key'
  return { ok: logs.every((log) => log.problems.length === 0), trust, logs }
}

/**
 * The log folders under a path: itself, or those directly in it. Folders that begin with a dot are never logs.
 *
 * @throws TRAILPROOF_LOG_NOT_FOUND
 */
export async function findLogs(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause
    throw notFound(`there is no folder ${dir}`, cause)
  })
  if (isLog(entries.map(({ name }) => name))) return [dir]
  const logs: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || !(entry.isDirectory() || entry.isSymbolicLink())) continue
    const names = await readdir(join(dir, entry.name)).catch(() => [])
    // A folder with a log's name is one even when somebody has emptied it.
    if (isLog(names) || (entry.isDirectory() && parseLogFolder(entry.name))) logs.push(join(dir, entry.name))
  }
  if (logs.length === 0) throw notFound(`there is no log in ${dir}`)
  return logs.sort((a, b) => basename(a).localeCompare(basename(b), 'en', { numeric: true }))
}

const isLog = (names: readonly string[]) =>
  [SEGMENTS, CHECKPOINT, CHECKPOINT_HISTORY, VKEY].some((name) => names.includes(name))

const notFound = (message: string, cause?: unknown) =>
  new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', message, {
    hint: 'give a log folder, or the root folder of several',
    ...(cause !== undefined && { cause }),
  })

const originOf = (note: string): string | undefined => readNote(note)?.origin

// Logs of which an anchor has a checkpoint under a given key. Without a key nobody can say whose they are.
async function knownToAnchors({ anchors = [] }: VerifyOptions, keys: readonly PublicKey[]): Promise<string[]> {
  const judge = new Judge(keys, [])
  const notes: string[] = []
  for (const anchor of keys.length > 0 ? anchors : [])
    for (const { note } of (await anchor.known?.()) ?? []) if (!(await judge.judge(note)).refused) notes.push(note)
  return notes
}

// Deleting a whole log leaves nothing that could be damaged; only those who know of it can miss it.
function absent(
  logs: readonly LogReport[],
  pinned: readonly (string | undefined)[],
  against: readonly string[],
): LogReport[] {
  const here = new Set(logs.map(({ origin }) => origin))
  const missing = new Map<string, Problem>()
  for (const origin of pinned)
    if (origin !== undefined && !here.has(origin))
      missing.set(origin, { kind: 'missing', index: 0, detail: 'a given key names this log, and it is not here' })
  for (const note of against) {
    const { origin, size } = readNote(note)!
    if (!here.has(origin))
      missing.set(origin, {
        kind: 'rolled_back',
        from: 0,
        to: size,
        detail: 'the checkpoint to compare with is of this log, and it is not here',
      })
  }
  const root = base64Of(new Tree().root())
  return [...missing].map(([origin, problem]) => ({
    name: origin,
    origin,
    size: 0,
    root,
    checkpoints: 0,
    signed: 0,
    unsigned: 0,
    unanchored: 0,
    recovered: [],
    problems: [problem],
    notes: [],
  }))
}
