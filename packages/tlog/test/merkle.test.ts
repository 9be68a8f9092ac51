// Trees of any size against the recursive definition of RFC 6962.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes } from '../src/bytes.js'
import { Frontier, rootOf, rootOfFull, TileEdge, type TreeHasher } from '../src/index.js'
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

test('leaves side by side, in pieces of any size, make the tree and the tiles of leaves one by one', () => {
  // A hasher that does in place what others do by copies, and one that gives the roots of full tiles itself.
  const inPlace: TreeHasher = {
    ...hasher,
    join(hashes, at) {
      const before = hashes[at - 1]!
      hashes[at - 1] = 7 // borrowed, and given back
      hashes.set(hasher.node(hashes.slice(at, at + 32), hashes.slice(at + 32, at + 64)), at)
      hashes[at - 1] = before
    },
  }
  const known: TreeHasher = { ...hasher, full: (hashes) => rootOfFull(hasher, hashes) }
  fc.assert(
    fc.property(
      fc.nat(600),
      fc.array(fc.nat(600), { maxLength: 4 }),
      fc.constantFrom(hasher, inPlace, known),
      (first, cuts, by) => {
        const edge = new TileEdge(by)
        const frontier = new Frontier(by)
        for (const leaf of leaves.slice(0, first)) for (const tree of [edge, frontier]) tree.append(leaf)
        const ends = [...cuts, leaves.length].sort((a, b) => a - b).filter((end) => end > first)
        for (const [i, end] of ends.entries()) {
          const piece = concatBytes(...leaves.slice(i === 0 ? first : ends[i - 1]!, end))
          for (const tree of [edge, frontier]) tree.appendAll(piece)
        }
        expect([frontier.size, hex(frontier.root())]).toEqual([leaves.length, hex(mth(leaves))])
        expect(edge.take().find(({ level }) => level === 1)!.bytes).toEqual(
          concatBytes(mth(leaves.slice(0, 256)), mth(leaves.slice(256, 512))),
        )
      },
    ),
    { numRuns: 60 },
  )
  expect(() => new Frontier(hasher).appendAll(new Uint8Array(33))).toThrow(RangeError)
  expect(() => new TileEdge(hasher).appendAll(new Uint8Array(33))).toThrow(RangeError)
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
