// The Merkle tree of RFC 6962 section 2.1, grown one leaf at a time while keeping only its left-to-right perfect roots.
import { concatBytes, isCount, isHash } from './bytes.js'

/** SHA-256, passed in so that the package needs neither node:crypto nor Web Crypto. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** The three hashes of a tree. Hashes are 32 bytes. */
export interface TreeHasher {
  leaf(data: Uint8Array): Uint8Array
  node(left: Uint8Array, right: Uint8Array): Uint8Array
  empty(): Uint8Array
}

/** The tree hashes of RFC 6962 section 2.1 over the given SHA-256. */
export function treeHasher(sha256: Sha256): TreeHasher {
  return {
    // The prefixes keep a leaf from passing as a node: without them whoever chooses a leaf could choose a subtree.
    leaf: (data) => sha256(concatBytes(Uint8Array.of(0), data)),
    node: (left, right) => sha256(concatBytes(Uint8Array.of(1), left, right)),
    empty: () => sha256(new Uint8Array(0)),
  }
}

/**
 * The right edge of a growing tree ("compact range"): one hash for each set bit of `size`, so 53 at most.
 *
 * Sizes go to 2^53 - 1; arithmetic is by division because JavaScript's bit operators stop at 2^31.
 */
export class Frontier {
  readonly #hasher: TreeHasher
  readonly #stack: Uint8Array[] // roots of perfect subtrees, largest (leftmost) first; the arrays are never changed
  #size: number

  /**
   * @param size - number of leaves already in the tree
   * @param hashes - what `hashes` gave at that size; copied
   * @throws RangeError the number of hashes does not fit the size, or one is not 32 bytes
   */
  constructor(hasher: TreeHasher, size = 0, hashes: Uint8Array[] = []) {
    if (!isCount(size)) throw new RangeError(`tree size ${size} is not a count`)
    if (hashes.length !== ones(size))
      throw new RangeError(`size ${size} needs ${ones(size)} hashes, not ${hashes.length}`)
    this.#hasher = hasher
    this.#size = size
    this.#stack = hashes.map(copyHash)
  }

  get size(): number {
    return this.#size
  }

  /** Roots of the perfect subtrees, left to right; the caller may keep and change them. */
  get hashes(): Uint8Array[] {
    return this.#stack.map(copyHash)
  }

  /** Adds a leaf by its hash (`hasher.leaf(data)`, not the data). Amortised one node hash. */
  append(leafHash: Uint8Array): void {
    if (this.#size >= Number.MAX_SAFE_INTEGER) throw new RangeError('the tree is full')
    let hash = copyHash(leafHash)
    // Each low one bit of the size is a perfect subtree on the right that this leaf completes.
    for (let n = this.#size; n % 2 === 1; n = (n - 1) / 2) hash = this.#hasher.node(this.#stack.pop()!, hash)
    this.#stack.push(hash)
    this.#size++
  }

  /** The root at the current size; hash of nothing for an empty tree. */
  root(): Uint8Array {
    if (this.#stack.length === 0) return this.#hasher.empty()
    return copyHash(this.#stack.reduceRight((right, left) => this.#hasher.node(left, right)))
  }

  clone(): Frontier {
    return new Frontier(this.#hasher, this.#size, this.#stack)
  }
}

/** The root over leaf hashes (not leaf data), in order. */
export function rootOf(hasher: TreeHasher, leafHashes: readonly Uint8Array[]): Uint8Array {
  const frontier = new Frontier(hasher)
  for (const hash of leafHashes) frontier.append(hash)
  return frontier.root()
}

function copyHash(hash: Uint8Array): Uint8Array {
  if (!isHash(hash)) throw new RangeError('a hash is 32 bytes')
  return new Uint8Array(hash)
}

function ones(n: number): number {
  let count = 0
  for (; n > 0; n = Math.floor(n / 2)) count += n % 2
  return count
}
