// Looks at one log from outside its process: is its newest checkpoint signed by its key, did the log only grow since the one
// that was recorded, and when did its process give its last sign of life?
import { basename } from 'node:path'
import { formatVkey, KeyType, verifyConsistency } from '@trailproof/tlog'
import { isTrailproofError } from '../errors.js'
import { hasher } from '../log/crypto.js'
import { proveConsistency } from '../publish/consistency.js'
import { proveRecord } from '../publish/prove-record.js'
import { folderReader } from '../verify/folder-reader.js'
import { Judge, readNote, type Verdict } from '../verify/judge.js'
import { idOf, type PublicKey, parseKeys, sha256 } from '../verify/keys.js'
import type { Reader } from '../verify/reader.js'
import { verifyLog } from '../verify/verify-log.js'
import type { FindingKind, KnownLog } from './memory.js'

export interface Seen {
  size: number
  root: string
  note: string
  vkey: string
  /** `time` of the newest signed record, ms since 1970; undefined when it has none. */
  heard: number | undefined
  /** Which of `audit.started`, `audit.heartbeat` and `audit.stopped` stands among the last signed records. */
  last: string | undefined
}

export interface Fault {
  kind: FindingKind
  detail: string
  found?: string
}

/** What was found in a folder; without origin: nothing in it is signed, so there is no log yet, or none any more. */
export interface Look {
  dir: string
  origin?: string
  seen?: Seen
  fault?: Fault
}

export interface Acquaintance {
  known(origin: string): KnownLog | undefined
  inFolder(dir: string): KnownLog | undefined
  /** Keys that the caller believes for this origin; none: the key that signed what was recorded, else the log's own. */
  given(origin: string): readonly PublicKey[]
}

/** Never rejects for what is wrong with the log: that is a finding. */
export async function lookAt(dir: string, acquaintance: Acquaintance): Promise<Look> {
  const first = await lookOnce(dir, acquaintance)
  // What is written or rotated while it is read may look broken: only what is still there is a finding.
  return first.fault ? lookOnce(dir, acquaintance) : first
}

async function lookOnce(dir: string, acquaintance: Acquaintance): Promise<Look> {
  let origin = acquaintance.inFolder(dir)?.origin
  let found: string | undefined
  try {
    const reader = folderReader(dir)
    found = await reader.newest()
    if (found === undefined) return { dir }
    const read = readNote(found)
    if (!read)
      return {
        dir,
        origin: origin ?? basename(dir),
        fault: { kind: 'unreadable', detail: 'its checkpoint is no signed note' },
      }
    origin = read.origin
    const known = acquaintance.known(origin)
    const verdict = await judge(reader, found, read.origin, known, acquaintance.given(origin))
    const fault = verdict.refused ?? (await compare(reader, verdict, known))
    if (fault) return { dir, origin, fault: { kind: fault.kind, detail: fault.detail, found: ownNote(found, origin) } }
    const vkey = formatVkey(sha256, origin, KeyType.ed25519, Buffer.from(verdict.signers[0]!, 'hex'))
    const { size, root } = verdict
    return { dir, origin, seen: { size, root, note: ownNote(found, origin), vkey, ...(await lifeOf(dir, size, vkey)) } }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return { dir }
    if (code === undefined) throw error
    const detail = isTrailproofError(error) ? error.message : `it cannot be read: ${code}`
    const kind = code === 'TRAILPROOF_LOG_CORRUPT' ? 'corrupt' : 'unreadable'
    return { dir, origin: origin ?? basename(dir), fault: { kind, detail } }
  }
}

async function judge(
  reader: Reader,
  note: string,
  origin: string,
  known: KnownLog | undefined,
  given: readonly PublicKey[],
): Promise<Verdict> {
  if (!known) {
    const keys = given.length > 0 ? given : await ownKeys(reader)
    return new Judge(keys, [origin]).judge(note)
  }
  const signer = parseKeys(known.vkey)
  const verdict = await new Judge(signer, [origin]).judge(note)
  if (verdict.refused?.kind !== 'wrong_key') return verdict
  // Another key than before: only a hand-over that the key before it has signed leads there, and that stands in the records.
  const { problems, keys = [], signed } = await verifyLog(reader, { keys: [known.vkey] })
  const next = await new Judge(await ownKeys(reader), [origin]).judge(note)
  const inForce = keys.at(-1)?.id
  const led =
    problems.length === 0 &&
    signed >= next.size &&
    next.signers.some((raw) => idOf(origin, Buffer.from(raw, 'hex')) === inForce)
  return led && !next.refused ? next : verdict
}

async function ownKeys(reader: Reader): Promise<PublicKey[]> {
  return parseKeys((await reader.vkey()) ?? '')
}

/** Undefined when the log holds all that was recorded of it, and gives the root that it has signed. */
async function compare(
  reader: Reader,
  { size, root }: Verdict,
  known: KnownLog | undefined,
): Promise<Fault | undefined> {
  if (known && size < known.size)
    return {
      kind: 'rolled_back',
      detail: `its newest checkpoint covers ${size} records; one of ${known.size} was recorded`,
    }
  if (known && size === known.size)
    return root === known.root
      ? undefined
      : { kind: 'forked', detail: `two checkpoints of ${size} records have two roots` }
  const from = known && known.size > 0 ? known.size : size
  if (from === 0) return undefined
  const secondRoot = Buffer.from(root, 'latin1')
  const proof = await proveConsistency(reader, from, { size, root: secondRoot })
  if (!known || known.size === 0) return undefined
  const claim = { first: from, second: size, firstRoot: Buffer.from(known.root, 'latin1'), secondRoot, proof }
  if (verifyConsistency(hasher, claim)) return undefined
  return {
    kind: 'forked',
    detail: `its first ${from} records are not those of the checkpoint that was recorded; it has ${size} now`,
  }
}

/** Cosignatures of witnesses are theirs to keep, and there is no limit to their number. */
function ownNote(note: string, origin: string): string {
  const [text, signatures = ''] = note.split('\n\n')
  const own = signatures.split('\n').filter((line) => line.startsWith(`\u2014 ${origin} `))
  return `${text}\n\n${own.join('\n')}\n`
}

const LOOKED_AT = 4
const LIFE = ['audit.started', 'audit.heartbeat', 'audit.stopped']

// The last signed records, each proved to stand in the tree: whoever can write to the folder could put a heartbeat there, or
// the word that the process has stopped. Where other records have come since, it goes on.
async function lifeOf(dir: string, size: number, vkey: string): Promise<Pick<Seen, 'heard' | 'last'>> {
  const life: Pick<Seen, 'heard' | 'last'> = { heard: undefined, last: undefined }
  for (let index = size - 1; index >= Math.max(0, size - LOOKED_AT) && life.last === undefined; index--) {
    const { line } = await proveRecord(dir, index, { keys: [vkey] })
    const { time, event } = JSON.parse(Buffer.from(line).toString()) as { time: string; event: string }
    const ms = Date.parse(time)
    if (life.heard === undefined && !Number.isNaN(ms)) life.heard = ms
    if (LIFE.includes(event)) life.last = event
  }
  return life
}
