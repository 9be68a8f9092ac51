// Verifies one log and says what is wrong and where. One pass when all is well; a second one, beside the tiles, when not.
import { setTimeout } from 'node:timers/promises'
import { splitNotes } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { concludeLines } from './conclude.js'
import { findingsOf } from './condition.js'
import { Judge, readNote } from './judge.js'
import { type PublicKey, parseKeys } from './keys.js'
import { locate } from './locate.js'
import { Marks } from './marks.js'
import { leftBehind } from './purged.js'
import type { Reader } from './reader.js'
import { bounded, type LogReport, type Note, type Problem } from './report.js'
import { StoredLeaves } from './stored-leaves.js'
import { base64Of } from './tree.js'
import { type Progress, Walk } from './walk.js'

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
 * @see RFC 6962 section 2.1; C2SP tlog-checkpoint, signed-note, tlog-tiles
 */
export async function verifyLog(reader: Reader, options: VerifyOptions = {}): Promise<LogReport> {
  const against = checkpointsIn(options.against)
  const opened: Marks[] = []
  try {
    return await verifyAgainst(reader, options, against, opened)
  } finally {
    for (const marks of opened) await marks.close()
  }
}

// Whoever looks for one thing in the checkpoints stops before their end, so those that were opened are closed by the caller.
async function verifyAgainst(
  reader: Reader,
  options: VerifyOptions,
  against: readonly string[],
  opened: Marks[],
): Promise<LogReport> {
  const { keys, problems, notes, named } = await keysFor(reader, options)
  const openMarks = async () => {
    const marks = await Marks.open(reader, new Judge(keys, options.origin), against)
    opened.push(marks)
    return marks
  }

  const { marks, walk } = await walkSigned(reader, openMarks, options.onProgress)
  marks.finish()
  problems.push(...marks.problems)
  notes.push(...marks.notes)

  const purged = walk.purged.conclude(walk.fit)
  const left = await leftBehind(reader, walk.purged.begin)
  problems.push(...purged.problems, ...left.problems)
  notes.push(...purged.notes, ...left.notes)

  const conclusion = await concludeLines(walk, marks, reader, async (from, signed) => {
    const leaves = await StoredLeaves.open(reader, await openMarks())
    return leaves.authentic > from ? locate(reader, leaves, from, signed, await openMarks()) : undefined
  })
  const size = walk.torn && walk.torn.index >= walk.signed ? walk.torn.index : walk.lines
  const newest = timeOf(walk.lastLine)
  const condition = await reader.condition?.()
  if (condition) {
    const found = findingsOf(condition, { keyGiven: (options.keys ?? []).length > 0, checkpoints: marks.seen, size })
    problems.push(...found.problems)
    notes.push(...found.notes)
  }
  return {
    name: reader.name,
    origin: marks.origin ?? options.origin ?? named ?? '',
    size,
    root: base64Of(size === walk.lines ? walk.root : walk.torn!.root),
    checkpoints: walk.fitting,
    signed: walk.fit,
    unsigned: Math.max(0, size - walk.signed),
    recovered: walk.recovered,
    ...(purged.record && {
      purged: { to: walk.purged.begin, index: purged.record.index, time: purged.record.time.slice(0, 40) },
    }),
    ...(newest !== undefined && { newest }),
    ...bounded([...problems, ...conclusion.problems], [...notes, ...conclusion.notes]),
  }
}

const FIRST_CHECKPOINT_MS = 100
const MAX_ATTEMPTS = 5

// A log without any checkpoint is not good, but one that began a moment ago will have its first in ten milliseconds.
async function walkSigned(reader: Reader, openMarks: () => Promise<Marks>, onProgress: VerifyOptions['onProgress']) {
  for (let attempt = 1; ; attempt++) {
    const begin = (await reader.begin?.()) ?? 0
    const marks = await openMarks()
    const walk = await Walk.of(reader, marks, begin, onProgress)
    // Lines that retention removed meanwhile would count as missing. The record of it is below the checkpoints of the next try.
    if (attempt < MAX_ATTEMPTS && ((await reader.begin?.()) ?? 0) !== begin) continue
    if (attempt >= 2 || marks.seen > 0 || walk.lines === 0) return { marks, walk }
    await setTimeout(FIRST_CHECKPOINT_MS)
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

interface Believed {
  keys: PublicKey[]
  problems: Problem[]
  notes: Note[]
  /** Origin that the folder's own vkey names. */
  named: string | undefined
}

async function keysFor(reader: Reader, options: VerifyOptions): Promise<Believed> {
  const own = await reader.vkey()
  const found = ownKey(own)
  const named = found?.origin
  const malformed: Problem[] =
    own !== undefined && !found ? [{ kind: 'unreadable', index: 0, detail: 'log.vkey is not a key' }] : []
  if (options.keys === undefined || options.keys.length === 0)
    return { keys: found ? [found] : [], problems: malformed, notes: [], named }

  const keys = options.keys.flatMap(parseKeys)
  const given = keys.some((key) => Buffer.compare(key.raw, found?.raw ?? key.raw) === 0)
  const replaced: Problem[] = given
    ? []
    : [{ kind: 'wrong_key', index: 0, detail: 'log.vkey in the folder is not one of the given keys' }]
  const pinned = options.origin !== undefined || keys.every((key) => key.origin !== undefined)
  const unpinned: Note[] = pinned
    ? []
    : [
        {
          kind: 'origin_not_pinned',
          detail: 'a bare key does not say which log it belongs to: another log signed by it would pass',
        },
      ]
  return { keys, problems: [...malformed, ...replaced], notes: unpinned, named }
}

function ownKey(vkey: string | undefined): PublicKey | undefined {
  try {
    return vkey === undefined ? undefined : parseKeys(vkey).find((key) => key.origin !== undefined)
  } catch {
    return undefined
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
