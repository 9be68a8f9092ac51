// The Merkle tree of RFC 6962 section 2.1, grown one leaf at a time while keeping only its left-to-right perfect roots.
import { concatBytes, isCount, isHash } from './bytes.js'

/** SHA-256, passed in so that the package needs neither node:crypto nor Web Crypto. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** The three hashes of a tree. Hashes are 32 bytes. */
export interface TreeHasher {
  leaf(data: Uint8Array): Uint8Array
  node(left: Uint8Array, right: Uint8Array): Uint8Array
  empty(): Uint8Array
  /**
   * The same as `node` for two hashes that stand side by side from `at` on: the node takes the place of the left one. The
   * byte before `at` may be borrowed for the prefix. For hashers that can do it without a copy; default: by `node`.
   */
  join?(hashes: Uint8Array, at: number): void
  /** The root over 256 hashes that stand side by side. For hashers that remember some; default: by `join` or `node`. */
  full?(hashes: Uint8Array): Uint8Array
}

/** Bytes of every hash here. */
export const HASH_BYTES = 32

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
  /** A byte to borrow, then roots of perfect subtrees, largest (leftmost) first; behind them room to join two. */
  readonly #stack = new Uint8Array(1 + (MOST_ROOTS + 1) * HASH_BYTES)
  #height = 0 // roots in the stack
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
    for (const hash of hashes) {
      if (!isHash(hash)) throw new RangeError('a hash is 32 bytes')
      this.#push(hash, 0)
    }
  }

  get size(): number {
    return this.#size
  }

  /** Roots of the perfect subtrees, left to right; the caller may keep and change them. */
  get hashes(): Uint8Array[] {
    return Array.from({ length: this.#height }, (_, i) => this.#stack.slice(placeOf(i), placeOf(i + 1)))
  }

  /** Adds a leaf by its hash (`hasher.leaf(data)`, not the data). Amortised one node hash. */
  append(leafHash: Uint8Array): void {
    if (!isHash(leafHash)) throw new RangeError('a hash is 32 bytes')
    this.#append(leafHash, 0)
  }

  /** Adds leaves by their hashes, which stand side by side. */
  appendAll(leafHashes: Uint8Array): void {
    if (leafHashes.length % HASH_BYTES !== 0) throw new RangeError('a hash is 32 bytes')
    for (let at = 0; at < leafHashes.length; ) {
      const end = at + FULL * HASH_BYTES
      // Whoever keeps tiles has the root of these already.
      const isFull = this.#size % FULL === 0 && end <= leafHashes.length
      if (isFull) this.#append(fullRoot(this.#hasher, leafHashes.subarray(at, end)), 0, FULL)
      else this.#append(leafHashes, at)
      at = isFull ? end : at + HASH_BYTES
    }
  }

  /** The root at the current size; hash of nothing for an empty tree. */
  root(): Uint8Array {
    if (this.#height === 0) return this.#hasher.empty()
    const stack = this.#stack.slice()
    for (let i = this.#height - 2; i >= 0; i--) joinHashes(this.#hasher, stack, placeOf(i))
    return stack.slice(placeOf(0), placeOf(1))
  }

  clone(): Frontier {
    return new Frontier(this.#hasher, this.#size, this.hashes)
  }

  /** Adds a perfect subtree by its root; the size is a multiple of its leaves. */
  #append(hashes: Uint8Array, from: number, leaves = 1): void {
    if (!isCount(this.#size + leaves)) throw new RangeError('the tree is full')
    this.#push(hashes, from)
    // Each low one bit of the size is a perfect subtree on the right that this one completes.
    for (let n = this.#size / leaves; n % 2 === 1; n = (n - 1) / 2)
      joinHashes(this.#hasher, this.#stack, placeOf(--this.#height - 1))
    this.#size += leaves
  }

  #push(hashes: Uint8Array, from: number): void {
    const at = placeOf(this.#height++)
    for (let i = 0; i < HASH_BYTES; i++) this.#stack[at + i] = hashes[from + i]! // a call would cost more
  }
}

/** A size has at most so many one bits. */
const MOST_ROOTS = 53

const placeOf = (root: number) => 1 + root * HASH_BYTES

/** Puts the node of two hashes that stand side by side in place of the left one. */
export function joinHashes(hasher: TreeHasher, hashes: Uint8Array, at: number): void {
  const right = at + HASH_BYTES
  if (hasher.join) hasher.join(hashes, at)
  else hashes.set(hasher.node(hashes.slice(at, right), hashes.slice(right, right + HASH_BYTES)), at)
}

/** Leaves below a hash of the next tile level up. */
const FULL = 256

/** The root over 256 hashes that stand side by side. */
export function fullRoot(hasher: TreeHasher, hashes: Uint8Array): Uint8Array {
  return hasher.full ? hasher.full(hashes) : rootOfFull(hasher, hashes)
}

/** The same without asking the hasher whether it remembers. */
export function rootOfFull(hasher: TreeHasher, hashes: Uint8Array): Uint8Array {
  const scratch = new Uint8Array(1 + hashes.length) // a byte to borrow
  scratch.set(hashes, 1)
  for (let step = HASH_BYTES; step < hashes.length; step *= 2)
    for (let at = 1; at < scratch.length; at += 2 * step) {
      if (step > HASH_BYTES) scratch.copyWithin(at + HASH_BYTES, at + step, at + step + HASH_BYTES)
      joinHashes(hasher, scratch, at)
    }
  return scratch.slice(1, 1 + HASH_BYTES)
}

/** The root over leaf hashes (not leaf data), in order. */
export function rootOf(hasher: TreeHasher, leafHashes: readonly Uint8Array[]): Uint8Array {
  const frontier = new Frontier(hasher)
  for (const hash of leafHashes) frontier.append(hash)
  return frontier.root()
}

function ones(n: number): number {
  let count = 0
  for (; n > 0; n = Math.floor(n / 2)) count += n % 2
  return count
}
