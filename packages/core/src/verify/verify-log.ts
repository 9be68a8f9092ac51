// Verifies one log and says what is wrong and where. One pass when all is well; a second one, beside the tiles, when not.
import { setTimeout } from 'node:timers/promises'
import { type Policy, splitNotes } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { type AnchorSource, anchoredAt, demanded, readAnchors } from './anchored.js'
import { concludeLines } from './conclude.js'
import { findingsOf } from './condition.js'
import { Judge, readNote } from './judge.js'
import { KeyRanges, rawText } from './key-ranges.js'
import { type PublicKey, parseKeys, publicKey } from './keys.js'
import { locate } from './locate.js'
import { Marks } from './marks.js'
import { leftBehind } from './purged.js'
import type { Reader } from './reader.js'
import { bounded, type LogReport, type Note, type Problem } from './report.js'
import { StoredLeaves } from './stored-leaves.js'
import { base64Of } from './tree.js'
import { type Believed, believe, vouched } from './vouched.js'
import { type Progress, Walk } from './walk.js'
import { findWitnessed, readPolicy, vouchedByWitnesses, witnessedFindings } from './witnessed.js'

export interface VerifyOptions {
  /**
   * Whom to believe: vkeys (`name+id+key`: pins origin and key) or bare Ed25519 public keys (base64 or PEM: pins the key
   * alone). Default: the key that the log itself names, which proves nothing against whoever could replace it.
   */
  keys?: readonly string[] | undefined
  /** The only origin to accept. */
  origin?: string | undefined
  /** Checkpoints kept elsewhere, as signed notes (one text may hold several): the log must contain what they sign. */
  against?: string | readonly string[] | undefined
  /**
   * How many threads may hash and check lines, 1 to 64; the report is the same. Default: 1 for the first 32 MB of a log,
   * then as many as there are processors, at most 4. Where threads cannot be started, one does it all.
   */
  threads?: number | undefined
  /**
   * A trust policy, as the text of a C2SP tlog-policy file: its logs' keys are believed beside `keys`, and the report says
   * what the quorum of its witnesses has cosigned.
   */
  policy?: string | undefined
  /** Anchors to read, and ways to verify receipts: the log must contain what they vouch for. */
  anchors?: readonly AnchorSource[] | undefined
  /** A log that none of `anchors` vouches for has a problem. */
  requireAnchor?: boolean | undefined
  /** A log whose newest anchored checkpoint is older, by the anchor's clock and the one here, has a problem. */
  maxAgeSeconds?: number | undefined
  /** The time here. Default: the system's. */
  now?: (() => Date) | undefined
  /** Told about every megabyte or so. */
  onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Verifies a log from any reader: every line, every checkpoint's signature and root, every stored tile, in constant memory.
 *
 * @returns the log is good when `problems` is empty. `notes` are no failures. Each problem names one index, or a range, or
 * the interval between two signed checkpoints where nothing more exact can be proved
 * @throws TRAILPROOF_KEY_INVALID a key in `keys` is none; nothing was read
 * @throws TRAILPROOF_CHECKPOINT_CORRUPT `against` is no checkpoint; nothing was read
 * @throws TRAILPROOF_OPTION_INVALID `threads` is no such number; nothing was read
 * @throws TRAILPROOF_POLICY_INVALID `policy` is none; nothing was read
 * @see RFC 6962 section 2.1; C2SP tlog-checkpoint, signed-note, tlog-tiles
 */
export async function verifyLog(reader: Reader, options: VerifyOptions = {}): Promise<LogReport> {
  const against = checkpointsIn(options.against)
  checkThreads(options.threads)
  const policy = options.policy === undefined ? undefined : readPolicy(options.policy)
  const opened: Marks[] = []
  try {
    return await verifyAgainst(reader, options, against, policy, opened)
  } finally {
    for (const marks of opened) await marks.close()
  }
}

// Whoever looks for one thing in the checkpoints stops before their end, so those that were opened are closed by the caller.
async function verifyAgainst(
  reader: Reader,
  options: VerifyOptions,
  given: readonly string[],
  policy: Policy | undefined,
  opened: Marks[],
): Promise<LogReport> {
  const { believed, problems, notes, named } = await keysFor(reader, {
    ...options,
    keys: believedKeys(options.keys, policy),
  })
  const witnessed =
    policy?.quorum === undefined ? undefined : await findWitnessed(reader, policy, believed.candidates, given)
  const about = await readAnchors(
    options.anchors ?? [],
    reader,
    options.anchors?.length ? await originFor(reader, options, believed.candidates) : undefined,
    new Judge(believed.candidates, believed.origins),
  )
  if (witnessed?.found) about.vouched.push(vouchedByWitnesses(witnessed.found, policy!))
  notes.push(...about.notes)
  // Somebody has vouched for these: a log that does not contain them was rolled back or rewritten since.
  const against = [...given, ...new Set(about.vouched.map(({ note }) => note))]
  const { marks, walk, ranges, openMarks } = await walkSigned(
    reader,
    believed,
    async (judge) => {
      const marks = await Marks.open(reader, judge, against)
      opened.push(marks)
      return marks
    },
    options,
  )
  marks.finish()
  problems.push(...marks.problems)
  notes.push(...marks.notes)
  const origin = marks.origin ?? options.origin ?? named ?? ''
  const trusted = vouched(believed, ranges, walk, origin)
  problems.push(...ranges.problems(origin), ...trusted.problems)
  notes.push(...ranges.notes(origin, walk.lines), ...trusted.notes)

  const purged = walk.purged.conclude(walk.fit)
  const left = await leftBehind(reader, walk.purged.begin)
  problems.push(...purged.problems, ...left.problems)
  notes.push(...purged.notes, ...left.notes)

  const conclusion = await concludeLines(walk, marks, reader, async (from, signed) => {
    const leaves = await StoredLeaves.open(reader, await openMarks())
    return leaves.authentic > from ? locate(reader, leaves, from, signed, await openMarks()) : undefined
  })
  const size = walk.torn && walk.torn.index >= walk.signed ? walk.torn.index : walk.lines
  if (policy && witnessed) {
    const found = witnessedFindings(witnessed, policy, walk.fit)
    problems.push(...found.problems)
    notes.push(...found.notes)
  }
  const newest = timeOf(walk.lastLine)
  const condition = await reader.condition?.()
  if (condition) {
    const found = findingsOf(condition, {
      keyGiven: believedKeys(options.keys, policy).length > 0,
      checkpoints: marks.seen,
      size,
    })
    problems.push(...found.problems)
    notes.push(...found.notes)
  }
  const anchored = anchoredAt(about.vouched, walk, newest, size, options.now?.() ?? new Date())
  problems.push(...demanded({ ...anchored, size }, options.requireAnchor === true, options.maxAgeSeconds))
  return {
    name: reader.name,
    origin,
    size,
    root: base64Of(size === walk.lines ? walk.root : walk.torn!.root),
    checkpoints: walk.fitting,
    signed: walk.fit,
    unsigned: Math.max(0, size - walk.signed),
    recovered: walk.recovered,
    ...(ranges.list(origin).length > 1 && { keys: ranges.list(origin) }),
    ...(purged.record && {
      purged: { to: walk.purged.begin, index: purged.record.index, time: purged.record.time.slice(0, 40) },
    }),
    ...(newest !== undefined && { newest }),
    ...(witnessed?.found && contains(walk, witnessed.found.size) && { witnessed: witnessed.found }),
    ...anchored,
    ...bounded([...problems, ...conclusion.problems], [...notes, ...conclusion.notes]),
  }
}

// Where it does not, a problem says so.
const contains = (walk: Walk, size: number) => size <= walk.lines && !walk.misfits.some((mark) => mark.size === size)

/** The keys that the caller brings: by themselves, and in a policy. */
export const believedKeys = (keys: readonly string[] = [], policy?: Policy): string[] => [
  ...keys,
  ...(policy?.logs ?? []).map(({ vkey }) => vkey),
]

/** What a place says that its log is called. Whether that is true, verifyLog sees. */
export async function claimedOrigin(reader: Reader): Promise<string | undefined> {
  const newest = await reader.newest()
  const origin = newest === undefined ? undefined : readNote(newest)?.origin
  if (origin !== undefined) return origin
  const vkey = (await reader.vkey()) ?? ''
  return vkey.includes('+') ? vkey.slice(0, vkey.indexOf('+')) : undefined
}

// Which log the anchors are asked about: the one that the caller means, so that a log that calls itself otherwise is missed.
async function originFor(reader: Reader, { origin }: VerifyOptions, keys: readonly PublicKey[]) {
  if (origin !== undefined) return origin
  const pinned = keys.flatMap((key) => key.origin ?? [])
  const claimed = await claimedOrigin(reader)
  return pinned.length === 1 && keys.length === 1 ? pinned[0] : claimed
}

const FIRST_CHECKPOINT_MS = 100
const MAX_ATTEMPTS = 5

type OpenMarks = (judge: Judge) => Promise<Marks>

// A log without any checkpoint is not good, but one that began a moment ago will have its first in ten milliseconds. And a
// log that was handed over to keys that its folder does not name is read again, once its records have named them.
async function walkSigned(reader: Reader, believed: Believed, open: OpenMarks, options: VerifyOptions) {
  let { candidates } = believed
  for (let attempt = 1; ; attempt++) {
    const begin = (await reader.begin?.()) ?? 0
    const heirs = new Set(believed.heirs.map(({ raw }) => rawText(raw)))
    const ranges = new KeyRanges(believed.first && rawText(believed.first.raw), { begin, heirs })
    const marks = await open(new Judge(candidates, believed.origins))
    const walk = await Walk.of(reader, marks, { ranges, begin, threads: options.threads }, options.onProgress)
    // Lines that retention removed meanwhile would count as missing. The record of it is below the checkpoints of the next try.
    if (attempt < MAX_ATTEMPTS && ((await reader.begin?.()) ?? 0) !== begin) continue
    const unknown = new Set(ranges.named)
    for (const { raw } of candidates) unknown.delete(rawText(raw))
    const isEmpty = marks.seen === 0 && walk.lines > 0
    const judge = new Judge(candidates, believed.origins, ranges)
    if (attempt >= 2 || !(isEmpty || unknown.size > 0)) return { marks, walk, ranges, openMarks: () => open(judge) }
    if (isEmpty) await setTimeout(FIRST_CHECKPOINT_MS)
    candidates = [...candidates, ...[...unknown].map((key) => publicKey(undefined, Buffer.from(key, 'hex')))]
  }
}

/**
 * The checkpoints in what a caller brings.
 *
 * @throws TRAILPROOF_CHECKPOINT_CORRUPT
 */
export function checkpointsIn(against: VerifyOptions['against']): string[] {
  const texts = against === undefined ? [] : typeof against === 'string' ? [against] : against
  return texts.flatMap((text) => {
    const { notes, rest } = splitNotes(text.replaceAll('\r\n', '\n'))
    if (notes.length > 0 && rest.trim() === '' && notes.every(readNote)) return notes
    throw new TrailproofError(
      'TRAILPROOF_CHECKPOINT_CORRUPT',
      'what the log is to be compared with is no signed checkpoint',
      {
        hint: 'give the file "checkpoint" of this log as it was kept elsewhere',
      },
    )
  })
}

function checkThreads(threads: number | undefined): void {
  if (threads === undefined || (Number.isInteger(threads) && threads >= 1 && threads <= 64)) return
  throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'option "threads" must be a whole number from 1 to 64')
}

interface Found {
  believed: Believed
  problems: Problem[]
  notes: Note[]
  /** Origin that the folder's own vkey names. */
  named: string | undefined
}

async function keysFor(reader: Reader, options: VerifyOptions): Promise<Found> {
  const text = await reader.vkey()
  const own = ownKeys(text)
  const first = own[0]
  const named = first?.origin
  const malformed: Problem[] =
    text !== undefined && !first ? [{ kind: 'unreadable', index: 0, detail: 'log.vkey is not a key' }] : []
  const origins = options.origin === undefined ? [] : [options.origin]
  if (options.keys === undefined || options.keys.length === 0) {
    const self = {
      first,
      candidates: own,
      heirs: own,
      given: undefined,
      origins: origins.length ? origins : [named ?? ''].filter(Boolean),
    }
    return { believed: self, problems: malformed, notes: [], named }
  }

  const given = options.keys.flatMap(parseKeys)
  const believed = believe(own, given, origins)
  const replaced: Problem[] =
    own.length === 0 || believed.first
      ? []
      : [{ kind: 'wrong_key', index: 0, detail: 'log.vkey in the folder is not one of the given keys' }]
  const pinned = options.origin !== undefined || given.every((key) => key.origin !== undefined)
  const unpinned: Note[] = pinned
    ? []
    : [
        {
          kind: 'origin_not_pinned',
          detail: 'a bare key does not say which log it belongs to: another log signed by it would pass',
        },
      ]
  return { believed, problems: [...malformed, ...replaced], notes: unpinned, named }
}

function ownKeys(vkey: string | undefined): PublicKey[] {
  try {
    const keys = vkey === undefined ? [] : parseKeys(vkey)
    return keys.every(({ origin }) => origin !== undefined && origin === keys[0]!.origin) ? keys : []
  } catch {
    return []
  }
}

function timeOf(line: Uint8Array | undefined): string | undefined {
  try {
    const { time } = JSON.parse(Buffer.from(line!).toString()) as { time?: unknown }
    return typeof time === 'string' ? time.slice(0, 40) : undefined
  } catch {
    return undefined
  }
}
