// Making inclusion and consistency proofs (RFC 6962 2.1.1, 2.1.2). A proof is a list of subtrees met on the way from
// the root down; both kinds are first computed as such a list of ranges, and only then are hashes read.
import { isCount } from './bytes.js'
import { rootOf, type TreeHasher } from './merkle.js'

/** Gives the root of the perfect subtree number `index` among those of 2^level leaves; it must lie inside the tree. */
export type HashReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>

/** A sibling subtree on the way up: the leaves [from, to), and the side of the path it stands on. */
export interface Sibling {
  side: 'left' | 'right'
  from: number
  to: number
}

/**
 * Proves that leaf `index` is in the tree of `size` leaves; at most 53 hashes, the leaf's sibling first.
 *
 * @throws RangeError the index is not inside the tree
 */
export async function inclusionProof(
  hasher: TreeHasher,
  index: number,
  size: number,
  read: HashReader,
): Promise<Uint8Array[]> {
  return readSubtrees(hasher, inclusionPath(index, size), read)
}

/**
 * Proves that the tree of `first` leaves is the beginning of the tree of `second` leaves. Equal sizes give an empty proof.
 *
 * @throws RangeError unless 0 < first <= second: nothing can be proved about an empty tree
 */
export async function consistencyProof(
  hasher: TreeHasher,
  first: number,
  second: number,
  read: HashReader,
): Promise<Uint8Array[]> {
  if (first === second && isCount(first) && first > 0) return []
  const { start, path } = consistencyPath(first, second)
  return readSubtrees(hasher, start ? [start, ...path] : path, read)
}

/** The siblings of leaf `index`, bottom up. */
export function inclusionPath(index: number, size: number): Sibling[] {
  if (!isCount(size) || !isCount(index) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`)
  return descend(
    size,
    (from, to) => to - from === 1,
    (middle) => index < middle,
  ).path
}

/**
 * The siblings of the subtree where the first tree's right edge lies, bottom up. `start` is that subtree itself; it is
 * left out of the proof where it is the whole first tree, since the verifier knows that root.
 */
export function consistencyPath(
  first: number,
  second: number,
): { start?: { from: number; to: number }; path: Sibling[] } {
  if (!isCount(first) || !isCount(second) || first === 0 || first > second)
    throw new RangeError(`no consistency proof from size ${first} to ${second}`)
  const { from, to, path } = descend(
    second,
    (_, to) => to === first,
    (middle) => first <= middle,
  )
  return from === 0 ? { path } : { start: { from, to }, path }
}

/** A reader over leaf hashes in memory; recomputes on each call, so for tests and small trees. */
export function leafReader(hasher: TreeHasher, leafHashes: readonly Uint8Array[]): HashReader {
  return (level, index) => {
    const width = 2 ** level
    if ((index + 1) * width > leafHashes.length) throw new RangeError(`no subtree ${index} of level ${level}`)
    return rootOf(hasher, leafHashes.slice(index * width, (index + 1) * width))
  }
}

// Walks from the root [0, size) down, at each step into the half that `goLeft` names, noting the other half.
function descend(size: number, arrived: (from: number, to: number) => boolean, goLeft: (middle: number) => boolean) {
  const path: Sibling[] = []
  let from = 0
  let to = size
  while (!arrived(from, to)) {
    const middle = from + leftWidth(to - from)
    if (goLeft(middle)) {
      path.push({ side: 'right', from: middle, to })
      to = middle
    } else {
      path.push({ side: 'left', from, to: middle })
      from = middle
    }
  }
  return { from, to, path: path.reverse() }
}

// RFC 6962 2.1: the largest power of two strictly less than n.
function leftWidth(n: number): number {
  let width = 1
  while (width * 2 < n) width *= 2
  return width
}

async function readSubtrees(hasher: TreeHasher, ranges: { from: number; to: number }[], read: HashReader) {
  return Promise.all(ranges.map((range) => readRange(hasher, range.from, range.to, read)))
}

// A range that starts at one of the tree's splits is a row of perfect subtrees, each smaller than the one before.
async function readRange(hasher: TreeHasher, from: number, to: number, read: HashReader): Promise<Uint8Array> {
  const parts: (Uint8Array | Promise<Uint8Array>)[] = []
  while (from < to) {
    let level = 0
    while (2 ** (level + 1) <= to - from) level++
    parts.push(read(level, from / 2 ** level))
    from += 2 ** level
  }
  return (await Promise.all(parts)).reduceRight((right, left) => hasher.node(left, right))
}
