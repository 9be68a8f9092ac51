// One record's proof as a file (C2SP tlog-proof): who has it, the record and the log's public key needs nothing else.
import { formatTlogProof, inclusionProof, tileHashReader, verifyInclusion } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { hasher } from '../log/crypto.js'
import { folderReader } from '../verify/folder-reader.js'
import { corruptLog } from './faults.js'
import { LogTiles } from './log-tiles.js'
import { HeadReader, type SignedHead } from './signed-head.js'

export interface RecordProof {
  /** The text of a `.tlog-proof` file. */
  text: string
  /** The record, byte for byte as it was hashed; without it the proof proves nothing. */
  line: Uint8Array
  origin: string
  index: number
  /** Size of the checkpoint that the record is proved to stand under. */
  size: number
}

/**
 * Proves that record `index` stands under the newest checkpoint of a log. The proof was verified before it is given.
 *
 * Made from the log's hash tiles; where they are missing or do not give the signed root, from its lines.
 *
 * @param dir - the folder of one log; it may be written to meanwhile
 * @param options.keys - as for verify
 * @throws TRAILPROOF_OPTION_INVALID no checkpoint covers the index
 * @throws TRAILPROOF_LOG_CORRUPT, TRAILPROOF_CHECKPOINT_CORRUPT the record is not what was signed, or nothing was
 * @throws TRAILPROOF_KEY_INVALID, TRAILPROOF_KEY_MISSING
 * @see C2SP tlog-proof; RFC 6962 section 2.1.1
 */
export async function proveRecord(
  dir: string,
  index: number,
  options: { keys?: readonly string[] | undefined } = {},
): Promise<RecordProof> {
  const head = await new HeadReader(folderReader(dir), options.keys).read()
  const { note, origin, size } = head
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `no checkpoint covers record ${index}`, {
      hint: size === 0 ? 'nothing is signed yet' : `the newest covers the records 0 to ${size - 1}`,
      index,
    })
  const tiles = new LogTiles(dir)
  const line = (await tiles.lines.read(index, index + 1))?.[0]
  if (!line) throw corruptLog(`record ${index} is missing`, index)
  const proof =
    (await proofFrom(tiles, head, index, line)) ??
    (await proofFrom(new LogTiles(dir, { stored: false }), head, index, line))
  if (!proof)
    throw corruptLog(`record ${index} does not lead to the signed root: it, or another one, was changed`, index)
  return { text: formatTlogProof({ index, proof, checkpoint: note }), line, origin, index, size }
}

async function proofFrom(
  tiles: LogTiles,
  { size, root }: SignedHead,
  index: number,
  line: Uint8Array,
): Promise<Uint8Array[] | undefined> {
  const read = tileHashReader(hasher, size, (level, n, width) => tiles.tile(level, n, width))
  const proof = await inclusionProof(hasher, index, size, read)
  const claim = { index, size, leafHash: hasher.leaf(line), root: Buffer.from(root, 'latin1'), proof }
  return verifyInclusion(hasher, claim) ? proof : undefined
}
