// Trees of any size against the recursive definition of RFC 6962.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Frontier, rootOf } from '../src/index.js'
import { base64, hasher, hex, manyLeaves, mth, utf8 } from './helpers.js'

const leaves = manyLeaves(600)

test('the root of a growing tree equals the recursive definition at every size', () => {
  const frontier = new Frontier(hasher)
  for (let size = 0; size <= 300; size++) {
    expect(hex(frontier.root())).toBe(hex(mth(leaves.slice(0, size))))
    expect(frontier.size).toBe(size)
    frontier.append(leaves[size]!)
  }
})

test('a frontier saved at any size and restored grows to the same root', () => {
  fc.assert(
    fc.property(fc.nat(600), fc.nat(600), (a, b) => {
      const [first, second] = a < b ? [a, b] : [b, a]
      const before = new Frontier(hasher)
      for (const leaf of leaves.slice(0, first)) before.append(leaf)
      const restored = new Frontier(hasher, before.size, before.hashes)
      for (const leaf of leaves.slice(first, second)) restored.append(leaf)
      expect(hex(restored.root())).toBe(hex(rootOf(hasher, leaves.slice(0, second))))
    }),
    { numRuns: 30 },
  )
})

test('a clone grows apart from its original, and changing the hashes it gave changes nothing', () => {
  const frontier = new Frontier(hasher)
  for (const leaf of leaves.slice(0, 7)) frontier.append(leaf)
  const root = hex(frontier.root())
  const clone = frontier.clone()
  clone.append(leaves[7]!)
  frontier.hashes[0]!.fill(0)
  frontier.hashes.pop()
  new Frontier(hasher, 1, [leaves[0]!]).root().fill(0)
  expect(hex(frontier.root())).toBe(root)
  expect(hex(clone.root())).toBe(hex(mth(leaves.slice(0, 8))))
})

test('a leaf hash buffer may be used again by its owner', () => {
  const buffer = Uint8Array.from(leaves[0]!)
  const frontier = new Frontier(hasher)
  frontier.append(buffer)
  buffer.fill(0)
  expect(hex(frontier.root())).toBe(hex(leaves[0]!))
})

test('a frontier whose hashes do not fit its size is refused', () => {
  expect(() => new Frontier(hasher, 3, [leaves[0]!])).toThrow(RangeError)
  expect(() => new Frontier(hasher, 2, [leaves[0]!, leaves[1]!])).toThrow(RangeError)
  expect(() => new Frontier(hasher, 0, [leaves[0]!])).toThrow(RangeError)
  expect(() => new Frontier(hasher, 1, [new Uint8Array(31)])).toThrow(RangeError)
  for (const size of [-1, 1.5, Number.NaN, 2 ** 53]) expect(() => new Frontier(hasher, size, [])).toThrow(RangeError)
})

test('sizes beyond 32 bits are counted right', () => {
  const [a, b] = [leaves[0]!, leaves[1]!]
  const frontier = new Frontier(hasher, 2 ** 40 + 1, [a, b])
  frontier.append(b)
  expect(frontier.size).toBe(2 ** 40 + 2)
  expect(frontier.hashes.map(hex)).toEqual([a, hasher.node(b, b)].map(hex))
  expect(() => new Frontier(hasher, 2 ** 53 - 1, Array(53).fill(a)).append(a)).toThrow('full')
})

test('70,000 generated records have the root that Go’s sumdb and Tessera’s fsck agreed on', () => {
  const frontier = new Frontier(hasher)
  for (let i = 0; i < 70_000; i++) {
    const record = JSON.stringify({ v: 1, i, t: 1700000000000 + i, type: 'auth.login', sub: `u${i % 97}` })
    frontier.append(hasher.leaf(utf8(record)))
  }
  expect(base64(frontier.root())).toBe('SBQhuYeknV0Ap0AwnAhplyu0q+tOdTwuwi48APtuNaA=')
})
