// Proves to somebody who has seen this log at an earlier size that it only grew since (RFC 6962 2.1.2). The hashes come from
// the log's tiles; where these are missing or were changed, from its lines. Nothing is given out that does not fit the
// signed root: a wrong proof would look like a forked log to whoever checks it.
import { consistencyProof, Frontier, type HashReader, tileHashReader, verifyConsistency } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import { hasher } from '../log/crypto.js'
import type { Reader } from '../verify/reader.js'
import { leafHash } from '../verify/tree.js'

/** The tree that is to be shown to have grown out of a smaller one: size and root of a signed checkpoint of this log. */
export interface SignedTree {
  size: number
  root: Uint8Array
}

/**
 * Proves that the first `from` leaves of a log are those of the signed tree.
 *
 * @param from - the size that the other side knows, 1 up to the signed size; equal sizes give the empty proof
 * @returns at most 53 hashes of 32 bytes
 * @throws RangeError `from` is not within 1 and the signed size: about an empty tree nothing can be proved
 * @throws TRAILPROOF_LOG_CORRUPT neither tiles nor lines give the signed root
 * @see RFC 6962 section 2.1.2
 */
export async function proveConsistency(reader: Reader, from: number, tree: SignedTree): Promise<Uint8Array[]> {
  const proof = (await proofBy(tiles(reader, tree.size), from, tree)) ?? (await proofFromLines(reader, from, tree))
  if (proof) return proof
  throw new TrailproofError(
    'TRAILPROOF_LOG_CORRUPT',
    `the log does not give the root of its checkpoint of size ${tree.size}: no proof can be made from it`,
    { record: 'written', hint: 'run `npx trailproof verify` and keep the folder', size: tree.size },
  )
}

/** Undefined when what was read does not lead to the signed root. */
async function proofBy(read: HashReader, from: number, { size, root }: SignedTree): Promise<Uint8Array[] | undefined> {
  try {
    const proof = await consistencyProof(hasher, from, size, read)
    const firstRoot = await rootOf(from, read)
    const claim = { first: from, second: size, firstRoot, secondRoot: root, proof }
    return verifyConsistency(hasher, claim) ? proof : undefined
  } catch (error) {
    if (error instanceof MissingTile || (error as Error).name === 'FormatError') return undefined
    throw error
  }
}

// The perfect subtrees of a tree, left to right: one for each bit of its size.
async function rootOf(size: number, read: HashReader): Promise<Uint8Array> {
  const hashes: Uint8Array[] = []
  for (let at = 0, level = 52; level >= 0; level--) {
    if (Math.floor(size / 2 ** level) % 2 === 0) continue
    hashes.push(await read(level, at / 2 ** level))
    at += 2 ** level
  }
  return new Frontier(hasher, size, hashes).root()
}

class MissingTile extends Error {}

// Of several stored widths the widest serves; tileHashReader trims it.
function tiles(reader: Reader, size: number): HashReader {
  return tileHashReader(hasher, size, async (level, index, width) => {
    const stored = (await reader.tile(level, index)).filter(({ length }) => length >= width * 32)
    if (stored.length === 0) throw new MissingTile()
    return stored.reduce((a, b) => (b.length > a.length ? b : a))
  })
}

/** A perfect subtree that the proof needs, growing while the lines stream by. */
interface Subtree {
  from: number
  to: number
  tree: Frontier
}

// One pass in constant memory: which subtrees are asked for depends on the sizes alone, so it is learnt by asking.
async function proofFromLines(reader: Reader, from: number, tree: SignedTree): Promise<Uint8Array[] | undefined> {
  const subtrees = new Map<string, Subtree>()
  const note: HashReader = (level, index) => {
    const width = 2 ** level
    const range = { from: index * width, to: (index + 1) * width, tree: new Frontier(hasher) }
    subtrees.set(`${level}/${index}`, range)
    return new Uint8Array(32)
  }
  await consistencyProof(hasher, from, tree.size, note)
  await rootOf(from, note)
  if (!(await grow([...subtrees.values()], reader, tree.size))) return undefined
  return proofBy((level, index) => subtrees.get(`${level}/${index}`)!.tree.root(), from, tree)
}

/** False when a line is missing. */
async function grow(subtrees: readonly Subtree[], reader: Reader, size: number): Promise<boolean> {
  let next = 0
  for await (const { first, limit, bytes, ends } of reader.read(0)) {
    for (let i = 0, start = 0; i < ends.length && next < Math.min(limit, size); start = ends[i]! + 1, i++) {
      if (first + i !== next) return false
      const leaf = Buffer.from(leafHash(bytes, start, ends[i]!), 'latin1')
      for (const { from, to, tree } of subtrees) if (next >= from && next < to) tree.append(leaf)
      next++
    }
    if (next === size) return true
  }
  return next === size
}
