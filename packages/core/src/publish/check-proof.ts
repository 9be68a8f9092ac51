// Checks a tlog-proof with nothing else at hand: no log, no network, only the proof, the record and the log's public key.
import { parseTlogProof, type TlogProof, verifyInclusion } from '@trailproof/tlog'
import { hasher } from '../log/crypto.js'
import { Judge, readNote } from '../verify/judge.js'
import { originsOf, parseKeys } from '../verify/keys.js'
import { base64Of } from '../verify/tree.js'

export type ProofProblemKind = 'malformed' | 'wrong_key' | 'bad_signature' | 'wrong_origin' | 'not_included'

export interface ProofProblem {
  kind: ProofProblemKind
  detail: string
}

export interface ProofReport {
  /** True when there is no problem: this record stands at `index` of the log `origin`. */
  ok: boolean
  /** What the proof claims; absent where it cannot be read. Proved only when `ok`. */
  origin?: string
  index?: number
  /** Size and root (base64) of its checkpoint. */
  size?: number
  root?: string
  /** False: the key came without a name, so a proof from any log signed by it passes. */
  originPinned: boolean
  problem?: ProofProblem
}

export interface ProofToCheck {
  /** The text of a `.tlog-proof` file. */
  proof: string
  /** The line as it stands in the log, without its `\n`. One changed byte is another record. */
  record: Uint8Array
  /** Whom to believe: vkeys, or bare public keys as for verify. */
  keys: readonly string[]
}

/**
 * Says whether a record stands in the log that a key belongs to.
 *
 * @throws TRAILPROOF_KEY_INVALID there is no key, or one is none
 * @see C2SP tlog-proof, tlog-checkpoint; RFC 6962 section 2.1.1
 */
export async function checkProof({ proof: text, record, keys: given }: ProofToCheck): Promise<ProofReport> {
  const keys = given.length === 0 ? parseKeys('') : given.flatMap(parseKeys)
  const originPinned = keys.every(({ origin }) => origin !== undefined)
  const read = readProof(text)
  if ('problem' in read) return { ok: false, originPinned, problem: read.problem }
  const { index, proof, checkpoint } = read
  const { origin, size, root, refused } = await new Judge(keys, originsOf(keys)).judge(checkpoint)
  if (refused) {
    const problem: ProofProblem = { ...refused, kind: refused.kind === 'unreadable' ? 'malformed' : refused.kind }
    return { ok: false, ...(size >= 0 && { origin, index, size, root: base64Of(root) }), originPinned, problem }
  }
  const claim = { origin, index, size, root: base64Of(root), originPinned }
  const problem = misfit(index, size, root, proof, record)
  return problem ? { ok: false, ...claim, problem } : { ok: true, ...claim }
}

function readProof(text: string): TlogProof | { problem: ProofProblem } {
  try {
    const proof = parseTlogProof(text)
    if (readNote(proof.checkpoint)) return proof
    return { problem: { kind: 'malformed', detail: 'the signed note in it is no checkpoint' } }
  } catch (error) {
    return { problem: { kind: 'malformed', detail: `this is no tlog-proof: ${(error as Error).message}` } }
  }
}

function misfit(
  index: number,
  size: number,
  root: string,
  proof: Uint8Array[],
  record: Uint8Array,
): ProofProblem | undefined {
  if (index >= size)
    return { kind: 'not_included', detail: `the proof is about record ${index}, and its checkpoint covers ${size}` }
  const claim = { index, size, leafHash: hasher.leaf(record), root: Buffer.from(root, 'latin1'), proof }
  if (verifyInclusion(hasher, claim)) return undefined
  return {
    kind: 'not_included',
    detail: `this record does not stand at ${index} under the checkpoint: the record, the index or the path was changed, or they do not belong together`,
  }
}
