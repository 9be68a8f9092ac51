// What witnesses vouch for: among the checkpoints that are at hand, the newest that the quorum of a policy has cosigned. Its
// cosignatures were made by keys that neither the application nor the log store hold, so the log must contain it.
import {
  type Cosigned,
  keyOf,
  type NoteSignature,
  type Policy,
  PolicyError,
  PolicyJudge,
  parsePolicy,
  signNote,
} from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { checkpointVerifier, sha256, verifyEd25519 } from '../log/crypto.js'
import type { Vouched } from './anchored.js'
import { readNote } from './judge.js'
import type { PublicKey } from './keys.js'
import type { Reader } from './reader.js'
import type { Note, Problem } from './report.js'

/** A checkpoint that enough witnesses have cosigned. */
export interface Witnessed {
  /** Leaves that it covers. */
  size: number
  /** Who has cosigned it, by the policy's names, and when, by their own clocks (RFC 3339, seconds). */
  witnesses: { name: string; time: string }[]
  /** The note with their signatures. */
  note: string
}

export interface WitnessedSearch {
  /** Undefined when no checkpoint at hand has a quorum. */
  found: Witnessed | undefined
  /** The most that was found otherwise, for the message. */
  best: { size: number; witnesses: string[] } | undefined
}

/**
 * Reads a trust policy.
 *
 * @throws TRAILPROOF_POLICY_INVALID with `line`
 */
export function readPolicy(text: string): Policy {
  try {
    return parsePolicy(sha256, text)
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause
    throw new TrailproofError('TRAILPROOF_POLICY_INVALID', `the policy cannot be used: ${cause.message}`, {
      line: cause.line,
      cause,
    })
  }
}

/**
 * Looks for the newest checkpoint with a quorum: in the log's folder, and among those that the caller brought. That it fits
 * the log is for the walk to see.
 */
export async function findWitnessed(
  reader: Reader,
  policy: Policy,
  keys: readonly PublicKey[],
  against: readonly string[],
): Promise<WitnessedSearch> {
  const newest = await reader.newest()
  const origin = readNote(newest ?? '')?.origin
  const candidates = merged([
    ...(newest === undefined ? [] : [newest]),
    ...((await reader.witnessed?.()) ?? []),
    ...against,
  ])
  let best: WitnessedSearch['best']
  for (const { size, note, origin: named } of candidates) {
    if (origin !== undefined && named !== origin) continue // of another log: says nothing about this one
    const judged = judge(policy, keys, named, note)
    if (judged?.quorum) return { found: { size, witnesses: judged.cosigned.map(readable), note }, best }
    const count = judged?.cosigned.length ?? 0
    if (count > (best?.witnesses.length ?? 0)) best = { size, witnesses: judged!.cosigned.map(({ name }) => name) }
  }
  return { found: undefined, best }
}

/** The same as what any anchor vouches for; by the clock of the first witness, so that its age is never understated. */
export function vouchedByWitnesses({ size, note, witnesses }: Witnessed, { quorum }: Policy): Vouched {
  const times = witnesses.map(({ time }) => Date.parse(time))
  return { by: `witnesses "${quorum}"`, note, size, root: readNote(note)!.root, time: new Date(Math.min(...times)) }
}

/** What the search says about a log whose newest checkpoint covers `signed` leaves; nothing where no quorum is asked for. */
export function witnessedFindings(
  { found, best }: WitnessedSearch,
  { quorum }: Policy,
  signed: number,
): { problems: Problem[]; notes: Note[] } {
  if (quorum === undefined) return { problems: [], notes: [] }
  if (!found) {
    const some = best ? `; the most are ${best.witnesses.join(', ')} at size ${best.size}` : ''
    const detail = `no checkpoint of this log bears the cosignatures of the quorum "${quorum}"${some}`
    return { problems: [{ kind: 'unwitnessed', from: 0, to: signed, detail }], notes: [] }
  }
  if (found.size >= signed) return { problems: [], notes: [] }
  const detail = `the quorum "${quorum}" has cosigned ${found.size} records; the newest checkpoint has ${signed}`
  return { problems: [], notes: [{ kind: 'unwitnessed', from: found.size, to: signed, detail }] }
}

function judge(policy: Policy, keys: readonly PublicKey[], origin: string, note: string) {
  const logs = keys
    .filter((key) => key.origin === undefined || key.origin === origin)
    .map((key) => checkpointVerifier(origin, key.raw))
  try {
    return new PolicyJudge(sha256, verifyEd25519, policy, logs).judge(note)
  } catch {
    return undefined // not signed by the log, or spoilt: no witness is served by it
  }
}

// Each witness may have its own file: the signatures under one text are put together. Largest first.
function merged(notes: readonly string[]): { size: number; origin: string; note: string }[] {
  const texts = new Map<string, { size: number; origin: string; lines: Map<string, NoteSignature> }>()
  for (const note of notes) {
    const read = readNote(note)
    if (!read) continue
    const entry = texts.get(read.text) ?? { size: read.size, origin: read.origin, lines: new Map() }
    for (const signature of read.signatures) entry.lines.set(`${keyOf(signature)} ${signature.line}`, signature)
    texts.set(read.text, entry)
  }
  return [...texts]
    .map(([text, { size, origin, lines }]) => ({ size, origin, note: noteOf(text, [...lines.values()]) }))
    .filter(({ note }) => note !== '')
    .sort((a, b) => b.size - a.size)
}

function noteOf(text: string, signatures: readonly NoteSignature[]): string {
  try {
    return signNote(
      text,
      [],
      signatures.map(({ line }) => line),
    )
  } catch {
    return '' // more signatures than a note may have
  }
}

const readable = ({ name, time }: Cosigned) => ({ name, time: rfc3339(time) })

/** A witness may have any clock; a time beyond what a Date holds is shown as the number it is. */
function rfc3339(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z')
}
