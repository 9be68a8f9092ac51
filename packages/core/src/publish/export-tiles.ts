// Exports a log as files that any tool for transparency logs reads (C2SP tlog-tiles). One pass: every line is hashed, the
// tiles grow, and nothing of it is published unless the root is the signed one.
import { TILE_WIDTH, tilePath } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { folderReader } from '../verify/folder-reader.js'
import { Judge } from '../verify/judge.js'
import { originsOf, type PublicKey, parseKeys } from '../verify/keys.js'
import type { Reader } from '../verify/reader.js'
import type { Trust } from '../verify/report.js'
import { base64Of, type ComputedTile, leafHash, Tree } from '../verify/tree.js'
import type { Progress } from '../verify/walk.js'
import { BundleMaker } from './bundle-maker.js'
import { changedTiles, corruptLog } from './faults.js'
import { HeadReader, type SignedHead } from './signed-head.js'
import { signedLines } from './signed-lines.js'
import { TilesFolder } from './tiles-folder.js'

const HASH = 32

export interface ExportOptions {
  /** Whom to believe, as for verify. Default: the key that the log itself names. */
  keys?: readonly string[] | undefined
  /** Told about every megabyte or so. */
  onProgress?: ((progress: Progress) => void) | undefined
}

/** What stands in the tiles folder now. */
export interface TilesExport {
  origin: string
  /** Records under the exported checkpoint. */
  size: number
  /** Its root, base64. */
  root: string
  /** Size of the checkpoint that was there before; 0 for a new folder. */
  before: number
  /** Tiles and bundles added. */
  written: number
  trust: Trust
}

/**
 * Writes `checkpoint`, `log.vkey`, hash tiles and entry bundles of a log's newest checkpoint, or brings such a folder up to date.
 *
 * Every line is hashed again and must give the signed root; tiles that are there already must be the same, and an older
 * checkpoint must be of the same tree. Otherwise nothing is published and what was there stays. Constant memory.
 *
 * @param dir - the folder of one log; it may be written to meanwhile
 * @param out - made when missing; else a folder of an earlier export of this log
 * @throws TRAILPROOF_LOG_CORRUPT, TRAILPROOF_CHECKPOINT_CORRUPT the log does not verify up to its checkpoint
 * @throws TRAILPROOF_TILES_CHANGED what stands in `out` contradicts the log
 * @throws TRAILPROOF_OPTION_INVALID `out` is of another log, or no such folder
 * @throws TRAILPROOF_KEY_INVALID, TRAILPROOF_KEY_MISSING
 * @see C2SP tlog-tiles
 */
export async function exportTiles(dir: string, out: string, options: ExportOptions = {}): Promise<TilesExport> {
  const reader = folderReader(dir)
  const head = await new HeadReader(reader, options.keys).read()
  const folder = await TilesFolder.open(out, dir)
  try {
    const before = await earlier(folder, head, out)
    await writeTiles(reader, head, before, folder, options.onProgress)
    await folder.publish(head.note, `${head.vkey}\n`)
    const { origin, size, root, trust } = head
    return { origin, size, root: base64Of(root), before: before?.size ?? 0, written: folder.written, trust }
  } catch (error) {
    await folder.abandon()
    throw folder.explain(error)
  }
}

interface Earlier {
  size: number
  root: string
}

async function earlier(folder: TilesFolder, head: SignedHead, out: string): Promise<Earlier | undefined> {
  // Without a checkpoint an export was cut off; its key already says of which log.
  const named = folder.vkey === undefined ? undefined : keyIn(folder.vkey, out)
  if (named && named.origin !== head.origin) throw otherLog(out, named.origin!, head.origin)
  if (folder.checkpoint === undefined) return undefined
  const keys = [...parseKeys(head.vkey), ...(named ? [named] : [])]
  const { origin, size, root, refused } = await new Judge(keys, originsOf(keys)).judge(folder.checkpoint)
  if (refused?.kind === 'wrong_origin') throw otherLog(out, origin, head.origin)
  if (refused) throw changedTiles(`the checkpoint in ${out}: ${refused.detail}`)
  if (size > head.size)
    throw changedTiles(
      `${out} was exported when the log had ${size} signed records; now it has ${head.size}: it was rolled back, or this is an older copy`,
    )
  return { size, root }
}

function keyIn(vkey: string, out: string): PublicKey {
  try {
    const [key] = parseKeys(vkey)
    if (key?.origin !== undefined) return key
  } catch {}
  throw changedTiles(`log.vkey in ${out} is no vkey`)
}

async function writeTiles(
  reader: Reader,
  head: SignedHead,
  before: Earlier | undefined,
  folder: TilesFolder,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  const tree = new Tree()
  const bundle = new BundleMaker()
  let bytesRead = 0
  for await (const { bytes, ends } of signedLines(reader, head.size)) {
    let start = 0
    for (const end of ends) {
      tree.append(leafHash(bytes, start, end))
      bundle.add(bytes, start, end)
      if (tree.size === before?.size && tree.root() !== before.root)
        folder.contradict(`the exported checkpoint of size ${before.size} signs another tree than the log's`)
      if (bundle.full) {
        await putAll(folder, bundle, tree.full.splice(0))
        bundle.next()
      }
      start = end + 1
    }
    bytesRead += start
    onProgress?.({ log: reader.name, lines: tree.size, bytes: bytesRead })
  }
  if (tree.root() !== head.root)
    throw corruptLog(`the records do not give the signed root of size ${head.size}`, head.size)
  await putAll(folder, bundle, tree.partial())
}

async function putAll(folder: TilesFolder, bundle: BundleMaker, tiles: readonly ComputedTile[]): Promise<void> {
  if (bundle.ends.length > 0) await putBundle(folder, bundle)
  for (const tile of tiles) await putTile(folder, tile)
}

const putBundle = (folder: TilesFolder, { index, ends, bytes }: BundleMaker) =>
  folder.put({
    path: tilePath('entries', index),
    width: ends.length,
    bytes,
    lengthAt: (width) => ends[width - 1] ?? Number.NaN,
  })

const putTile = (folder: TilesFolder, { level, index, width, bytes }: ComputedTile) =>
  folder.put({
    path: tilePath(level, index, TILE_WIDTH),
    width,
    bytes: bytes.subarray(0, width * HASH),
    lengthAt: (width) => width * HASH,
  })

function otherLog(out: string, found: string, expected: string): Error {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', `${out} holds the tiles of ${found}, not of ${expected}`, {
    hint: 'give each log a folder of its own',
    found,
    expected,
  })
}
