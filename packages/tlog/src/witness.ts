// Messages between a log and its witnesses (C2SP tlog-witness): the body of POST add-checkpoint and its answers.
import { isCount, parseCount } from './bytes.js'
import { FormatError } from './errors.js'
import { parseNote } from './note.js'
import { formatProofLines, parseProofLines, splitHeader } from './proof-lines.js'

/** A request to cosign `checkpoint`, with the proof from the size this witness cosigned last (0 and no proof at first). */
export interface AddCheckpoint {
  oldSize: number
  proof: Uint8Array[]
  checkpoint: string
}

/** The content type of the answer 409, whose body is the size that the witness knows. */
export const SIZE_CONTENT_TYPE = 'text/x.tlog.size'

/**
 * The body of an add-checkpoint request. The answer 200 holds signature lines: parseSignatureLines.
 *
 * @param request - `checkpoint` is the signed note, sent as it is
 * @throws RangeError the old size is not a count, or the proof not a list of hashes
 * @throws NoteError `malformed`: the checkpoint is not a signed note
 */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  if (!isCount(oldSize)) throw new RangeError(`tree size ${oldSize} is not a count`)
  parseNote(checkpoint)
  return `old ${oldSize}\n${formatProofLines(proof)}\n${checkpoint}`
}

/**
 * Reads the body of an add-checkpoint request; what does not parse is answered 400. Nothing is verified.
 *
 * @throws FormatError not such a body
 */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const { lines, note } = splitHeader(body)
  const [first, ...hashes] = lines
  const oldSize = first?.startsWith('old ') ? parseCount(first.slice(4)) : undefined
  if (oldSize === undefined) throw new FormatError('the first line is not "old" and a size')
  const proof = parseProofLines(hashes)
  parseNote(note)
  return { oldSize, proof, checkpoint: note }
}

/** The body of an answer 409. */
export function formatKnownSize(size: number): string {
  if (!isCount(size)) throw new RangeError(`tree size ${size} is not a count`)
  return `${size}\n`
}

/**
 * Reads the body of an answer 409: the size the witness knows. If it is above our own, somebody has signed a larger tree
 * with our key, or we were rolled back: that is an alarm, not a reason to try again.
 *
 * @throws FormatError not a size and a newline
 */
export function parseKnownSize(body: string): number {
  const size = body.endsWith('\n') ? parseCount(body.slice(0, -1)) : undefined
  if (size === undefined) throw new FormatError('the answer is not a size')
  return size
}
