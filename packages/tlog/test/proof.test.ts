// Proofs for any size verify, and no changed proof does: a verifier that accepts one wrong proof is worth nothing.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  consistencyProof,
  inclusionProof,
  leafReader,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.js'
import { hasher, hex, manyLeaves, mth, path, subproof } from './helpers.js'

const leaves = manyLeaves(300)
const read = leafReader(hasher, leaves)
const root = (size: number) => rootOf(hasher, leaves.slice(0, size))

const sizeAndIndex = fc.integer({ min: 1, max: 300 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
const twoSizes = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }))
  .map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number])

const flip = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))

/** Every way to spoil a list of hashes a little: one bit, one less, one more, two swapped, one short. */
function spoilt(proof: Uint8Array[], bit: number): Uint8Array[][] {
  const variants = [
    [...proof, leaves[0]!],
    [leaves[0]!, ...proof],
    [...proof, new Uint8Array(32)],
  ]
  proof.forEach((hash, i) => {
    variants.push(proof.with(i, flip(hash, bit)), proof.toSpliced(i, 1), proof.with(i, hash.slice(0, 31)))
    if (i > 0) variants.push(proof.with(i, proof[i - 1]!).with(i - 1, hash))
  })
  return variants
}

describe('inclusion', () => {
  test('a proof for any leaf of any tree is RFC 6962’s, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(sizeAndIndex, async ([size, index]) => {
        const proof = await inclusionProof(hasher, index, size, read)
        expect(proof.map(hex)).toEqual(path(index, leaves.slice(0, size)).map(hex))
        const claim = { index, size, leafHash: leaves[index]!, root: root(size), proof }
        expect(verifyInclusion(hasher, claim)).toBe(true)
      }),
    )
  })

  test('a proof changed in any way is refused', async () => {
    await fc.assert(
      fc.asyncProperty(sizeAndIndex, fc.nat(255), async ([size, index], bit) => {
        const proof = await inclusionProof(hasher, index, size, read)
        const claim = { index, size, leafHash: leaves[index]!, root: root(size), proof }
        for (const other of spoilt(proof, bit)) expect(verifyInclusion(hasher, { ...claim, proof: other })).toBe(false)
        expect(verifyInclusion(hasher, { ...claim, leafHash: flip(claim.leafHash, bit) })).toBe(false)
        expect(verifyInclusion(hasher, { ...claim, root: flip(claim.root, bit) })).toBe(false)
      }),
    )
  })

  test('a proof does not hold for any other index of its tree', async () => {
    for (const size of [1, 2, 3, 7, 8, 9, 40])
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(hasher, index, size, read)
        const claim = { size, leafHash: leaves[index]!, root: root(size), proof }
        const holds = Array.from({ length: size + 2 }, (_, i) => verifyInclusion(hasher, { ...claim, index: i }))
        expect(holds).toEqual(holds.map((_, i) => i === index))
      }
  })

  test('a proof does not hold for a tree of another size and root', async () => {
    await fc.assert(
      fc.asyncProperty(sizeAndIndex, fc.integer({ min: 1, max: 300 }), async ([size, index], other) => {
        fc.pre(other !== size)
        const proof = await inclusionProof(hasher, index, size, read)
        const claim = { index, size: other, leafHash: leaves[index]!, root: root(other), proof }
        expect(verifyInclusion(hasher, claim)).toBe(false)
      }),
    )
  })

  test('an inner node cannot be passed off as a leaf', async () => {
    const leafHash = hasher.node(leaves[0]!, leaves[1]!)
    const proof = [hasher.node(leaves[2]!, leaves[3]!)]
    expect(verifyInclusion(hasher, { index: 0, size: 4, leafHash, root: root(4), proof })).toBe(false)
  })
})

describe('consistency', () => {
  test('a proof between any two sizes is RFC 6962’s, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, async ([first, second]) => {
        const proof = await consistencyProof(hasher, first, second, read)
        expect(proof.map(hex)).toEqual(subproof(first, leaves.slice(0, second)).map(hex))
        const claim = { first, second, firstRoot: root(first), secondRoot: root(second), proof }
        expect(verifyConsistency(hasher, claim)).toBe(true)
      }),
    )
  })

  test('a proof changed in any way is refused', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, fc.nat(255), async ([first, second], bit) => {
        const proof = await consistencyProof(hasher, first, second, read)
        const claim = { first, second, firstRoot: root(first), secondRoot: root(second), proof }
        const refused = (change: object) => expect(verifyConsistency(hasher, { ...claim, ...change })).toBe(false)
        for (const other of spoilt(proof, bit)) refused({ proof: other })
        refused({ firstRoot: flip(claim.firstRoot, bit) })
        refused({ secondRoot: flip(claim.secondRoot, bit) })
        if (first !== second) refused({ first: second, second: first })
        if (first !== second) refused({ firstRoot: claim.secondRoot, secondRoot: claim.firstRoot })
      }),
    )
  })

  test('a log that rewrote one old leaf cannot prove that it only grew', async () => {
    const forged = leaves.with(3, hasher.leaf(Uint8Array.of(1)))
    for (const [first, second] of [
      [4, 5],
      [5, 9],
      [8, 300],
      [200, 300],
    ] as const) {
      const proof = await consistencyProof(hasher, first, second, leafReader(hasher, forged))
      const secondRoot = mth(forged.slice(0, second))
      expect(verifyConsistency(hasher, { first, second, firstRoot: root(first), secondRoot, proof })).toBe(false)
    }
  })

  test('an empty first tree proves nothing and is always refused', () => {
    const claim = { first: 0, firstRoot: root(0), proof: [] }
    for (const second of [0, 1, 5])
      expect(verifyConsistency(hasher, { ...claim, second, secondRoot: root(second) })).toBe(false)
  })

  test('equal sizes need equal roots and an empty proof', () => {
    const same = { first: 5, second: 5, firstRoot: root(5), secondRoot: root(5) }
    expect(verifyConsistency(hasher, { ...same, proof: [] })).toBe(true)
    expect(verifyConsistency(hasher, { ...same, proof: [leaves[0]!] })).toBe(false)
    expect(verifyConsistency(hasher, { ...same, secondRoot: root(6), proof: [] })).toBe(false)
  })
})

test('malformed claims are false, never an exception or an endless loop', () => {
  const anything = fc.anything()
  const count = fc.oneof(
    anything,
    fc.integer(),
    fc.double(),
    fc.maxSafeNat(),
    fc.constantFrom(-1, 2 ** 53 - 1, 2 ** 53, 2 ** 63),
  )
  const hash = fc.oneof(anything, fc.uint8Array({ minLength: 32, maxLength: 32 }))
  const proof = fc.oneof(anything, fc.array(hash), fc.constant(new Array(3)))
  const inclusion = fc.record({ index: count, size: count, leafHash: hash, root: hash, proof })
  const consistency = fc.record({ first: count, second: count, firstRoot: hash, secondRoot: hash, proof })
  fc.assert(fc.property(inclusion, (claim) => verifyInclusion(hasher, claim as never) === false))
  // Between equal sizes two random equal roots may rightly be accepted; what counts is that there is an answer.
  fc.assert(fc.property(consistency, (claim) => typeof verifyConsistency(hasher, claim as never) === 'boolean'))
  const far = fc.record({ first: count, second: fc.constant(2 ** 53 - 1), firstRoot: hash, secondRoot: hash, proof })
  fc.assert(fc.property(far, (claim) => claim.first === claim.second || !verifyConsistency(hasher, claim as never)))
})

test('a proof that is a list with holes is false', () => {
  const holes = { proof: new Array(1) }
  expect(verifyInclusion(hasher, { ...holes, index: 0, size: 2, leafHash: leaves[0]!, root: root(2) })).toBe(false)
  const sizes = { first: 1, second: 2, firstRoot: root(1), secondRoot: root(2) }
  expect(verifyConsistency(hasher, { ...holes, ...sizes })).toBe(false)
})

test('the largest tree has proofs of at most 53 hashes', async () => {
  const same = () => leaves[0]!
  expect(await inclusionProof(hasher, 0, 2 ** 53 - 1, same)).toHaveLength(53)
  expect(await inclusionProof(hasher, 2 ** 53 - 2, 2 ** 53 - 1, same)).toHaveLength(52)
  expect((await consistencyProof(hasher, 2 ** 40 + 1, 2 ** 53 - 1, same)).length).toBeLessThanOrEqual(54)
})

test('asking for a proof that cannot exist is the caller’s error', async () => {
  await expect(inclusionProof(hasher, 5, 5, read)).rejects.toThrow(RangeError)
  await expect(inclusionProof(hasher, -1, 5, read)).rejects.toThrow(RangeError)
  await expect(consistencyProof(hasher, 0, 5, read)).rejects.toThrow(RangeError)
  await expect(consistencyProof(hasher, 6, 5, read)).rejects.toThrow(RangeError)
  await expect(inclusionProof(hasher, 0, 400, read)).rejects.toThrow(RangeError)
})
