// One leaf's proof as a file (C2SP tlog-proof): whoever has the record, this file and the log's key needs nothing else.
import { encodeBase64, tryDecodeBase64 } from './base64.js'
import { isCount, parseCount } from './bytes.js'
import { type OpenedCheckpoint, openCheckpoint } from './checkpoint.js'
import { FormatError, NoteError } from './errors.js'
import type { TreeHasher } from './merkle.js'
import { keyOf, type NoteVerifier, parseNote } from './note.js'
import { formatProofLines, parseProofLines, splitHeader } from './proof-lines.js'
import { verifyInclusion } from './verify.js'

/** A proof that leaf `index` is under the signed `checkpoint`. `extra` is not covered by any signature. */
export interface TlogProof {
  index: number
  proof: Uint8Array[]
  checkpoint: string
  extra?: Uint8Array
}

/** Whom to believe. A proof needs the log's signature and `quorum` of the witnesses'. */
export interface TlogProofTrust {
  log: NoteVerifier
  origin?: string // default: the log key's name
  witnesses?: readonly NoteVerifier[]
  quorum?: number // default: all witnesses given
}

const HEADER = 'c2sp.org/tlog-proof@v1'

/**
 * The text of a `.tlog-proof` file.
 *
 * @throws RangeError the index is not a count, or the proof not a list of hashes
 * @throws NoteError `malformed`: the checkpoint is not a signed note
 */
export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  if (!isCount(index)) throw new RangeError(`leaf index ${index} is not a count`)
  parseNote(checkpoint)
  const extraLine = extra ? `extra ${encodeBase64(extra)}\n` : ''
  return `${HEADER}\n${extraLine}index ${index}\n${formatProofLines(proof)}\n${checkpoint}`
}

/**
 * Reads a `.tlog-proof` file without verifying it.
 *
 * @throws FormatError not such a file (for its checkpoint NoteError `malformed`)
 */
export function parseTlogProof(text: string): TlogProof {
  const { lines, note } = splitHeader(text)
  if (lines.shift() !== HEADER) throw new FormatError(`the first line is not ${HEADER}`)
  const extra = lines[0]?.startsWith('extra ') ? tryDecodeBase64(lines.shift()!.slice(6)) : null
  if (extra === undefined) throw new FormatError('the extra line is not base64')
  const indexLine = lines.shift()
  const index = indexLine?.startsWith('index ') ? parseCount(indexLine.slice(6)) : undefined
  if (index === undefined) throw new FormatError('no line with "index" and a number')
  const proof = parseProofLines(lines)
  parseNote(note)
  return { index, proof, checkpoint: note, ...(extra && { extra }) }
}

/**
 * Verifies that a record is in the log: signature of the log, enough witnesses, and the path from leaf to root.
 *
 * @param leafHash - `hasher.leaf(record bytes)`, computed by the caller from the record in hand
 * @returns index and opened checkpoint; the index is proved, `extra` is not
 * @throws FormatError the text is malformed, or the path does not lead from this leaf to the root
 * @throws NoteError the checkpoint must not be believed; `unverified` also if the log or too few witnesses signed
 * @throws RangeError the quorum is above the number of witnesses
 */
export function verifyTlogProof(
  hasher: TreeHasher,
  text: string,
  leafHash: Uint8Array,
  { log, origin = log.name, witnesses = [], quorum = witnesses.length }: TlogProofTrust,
): { index: number; opened: OpenedCheckpoint } {
  const { index, proof, checkpoint } = parseTlogProof(text)
  if (!isCount(quorum) || quorum > new Set(witnesses.map(keyOf)).size) throw new RangeError(`no quorum of ${quorum}`)
  const opened = openCheckpoint(checkpoint, [log, ...witnesses], origin)
  const signed = new Set(opened.verified.map(keyOf))
  if (!signed.delete(keyOf(log))) throw new NoteError('unverified', 'the log has not signed the checkpoint')
  if (signed.size < quorum) throw new NoteError('unverified', `${signed.size} of ${quorum} witnesses have signed`)
  const { size, root } = opened.checkpoint
  if (!verifyInclusion(hasher, { index, size, leafHash, root, proof }))
    throw new FormatError('the proof does not lead from this record to the signed root')
  return { index, opened }
}
