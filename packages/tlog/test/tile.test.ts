// Tiles: which exist at a size, what they hold, and that proofs come out of them as they do from the leaves.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  consistencyProof,
  decodeBundle,
  edgeTiles,
  encodeBundle,
  equalBytes,
  FormatError,
  inclusionProof,
  leafReader,
  newTiles,
  parseTilePath,
  rootOf,
  type Tile,
  TileEdge,
  tileHashes,
  tileHashReader,
  tilePath,
  tileRoot,
  tilesOf,
  tileWidthAt,
} from '../src/index.js'
import { hasher, hex, manyLeaves, mth } from './helpers.js'

const leaves = manyLeaves(70_000)
const SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000]

/** All tiles of a tree by the definition: cut each level in 256s, and make the next level of the full ones' roots. */
function naiveTiles(size: number): Map<string, Uint8Array> {
  const tiles = new Map<string, Uint8Array>()
  let hashes = leaves.slice(0, size)
  for (let level = 0; hashes.length > 0; level++) {
    const above: Uint8Array[] = []
    for (let at = 0; at < hashes.length; at += 256) {
      const tile = hashes.slice(at, at + 256)
      tiles.set(tilePath(level, at / 256, tile.length), new Uint8Array(Buffer.concat(tile)))
      if (tile.length === 256) above.push(fullRoot(`${level}/${at}`, tile))
    }
    hashes = above
  }
  return tiles
}

// A full tile is the same in every larger tree, so its root is worked out once.
const fullRoots = new Map<string, Uint8Array>()
function fullRoot(name: string, tile: Uint8Array[]): Uint8Array {
  const root = fullRoots.get(name) ?? mth(tile)
  fullRoots.set(name, root)
  return root
}

const pathOf = ({ level, index, width }: Tile) => tilePath(level, index, width)
const summary = (size: number) => {
  const count = (level: number, full: boolean) =>
    tilesOf(size).filter((t) => t.level === level && (t.width === 256) === full)
  return [0, 1, 2].map((level) => [count(level, true).length, count(level, false).map((t) => t.width)])
}

describe('enumeration', () => {
  test('70,000 leaves have the tiles that the specification’s arithmetic gives', () => {
    expect(summary(70_000)).toEqual([
      [273, [112]],
      [1, [17]],
      [0, [1]],
    ])
    expect(summary(256)).toEqual([
      [1, []],
      [0, [1]],
      [0, []],
    ])
    expect(tilesOf(0)).toEqual([])
  })

  test.each(SIZES)('a tree of %i leaves has exactly the tiles of the definition', (size) => {
    const expected = [...naiveTiles(size).keys()]
    expect(tilesOf(size).map(pathOf)).toEqual(expected)
    for (const { level, index, width } of tilesOf(size)) expect(tileWidthAt(level, index, size)).toBe(width)
    expect(edgeTiles(size).map(pathOf)).toEqual(expected.filter((path) => path.includes('.p/')))
    const past = Math.ceil(size / 256)
    expect(tileWidthAt(0, past, size)).toBe(0)
  })

  test('growing a tree rewrites exactly the tiles that differ between the two sizes', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(3000), (before, more) => {
        const old = new Set(tilesOf(before).map(pathOf))
        const expected = tilesOf(before + more)
          .map(pathOf)
          .filter((path) => !old.has(path))
        expect(newTiles(before, before + more).map(pathOf)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
    expect(() => newTiles(5, 4)).toThrow(RangeError)
  })

  test('a tree beyond 32 bits is enumerated at its edge without counting all of it', () => {
    const size = 2 ** 52 + 3
    expect(newTiles(size - 1, size)).toEqual([{ level: 0, index: 2 ** 44, width: 3 }])
    expect(edgeTiles(size)).toEqual([
      { level: 0, index: 2 ** 44, width: 3 },
      { level: 6, index: 0, width: 16 },
    ])
  })
})

describe('paths', () => {
  test.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 999, 256, 'tile/0/999'],
    [1, 1000, 256, 'tile/1/x001/000'],
    [0, 1067, 8, 'tile/0/x001/067.p/8'],
    [63, 1_234_067, 256, 'tile/63/x001/x234/067'],
    [2, 123_456_789, 1, 'tile/2/x123/x456/789.p/1'],
    ['entries', 273, 112, 'tile/entries/273.p/112'],
  ] as const)('level %s, index %i, width %i lies at %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path)
    expect(parseTilePath(path)).toEqual({ level, index, width })
  })

  test('any tile’s path is read back to the same tile', () => {
    const level = fc.oneof(fc.nat(63), fc.constant('entries' as const))
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath(level, index, width))).toEqual({ level, index, width })
      }),
    )
  })

  test.each([
    '',
    'tile',
    'tile/0',
    'tile/00/000',
    'tile/64/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/08',
    'tile/0/000/',
    '/tile/0/000',
    'tile/-1/000',
    'tile/data/000',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/../000',
    'tile/0/000\n',
  ])('%j is not a tile path', (path) => {
    expect(() => parseTilePath(path)).toThrow(FormatError)
  })

  test('a tile that cannot exist has no path', () => {
    expect(() => tilePath(64, 0)).toThrow(RangeError)
    expect(() => tilePath(0, -1)).toThrow(RangeError)
    expect(() => tilePath(0, 0, 0)).toThrow(RangeError)
    expect(() => tilePath(0, 0, 257)).toThrow(RangeError)
  })
})

describe('contents', () => {
  test('tiles taken in batches are, at every size on the way, those of the definition', () => {
    const edge = new TileEdge(hasher)
    const stored = new Map<string, Uint8Array>()
    let before = 0
    for (const size of SIZES) {
      for (const leaf of leaves.slice(before, size)) edge.append(leaf)
      const taken = edge.take()
      expect(taken.map(pathOf).sort()).toEqual(newTiles(before, size).map(pathOf).sort())
      for (const tile of taken) stored.set(pathOf(tile), tile.bytes)
      for (const [path, bytes] of naiveTiles(size))
        if (!equalBytes(bytes, stored.get(path)!)) throw new Error(`${path} at ${size}`)
      before = size
    }
    expect(edge.size).toBe(70_000)
    expect(edge.take()).toEqual([])
  })

  test('a writer that stopped at any size goes on from the stored edge tiles', () => {
    for (const size of [1, 255, 256, 300, 65_535, 65_536, 66_000]) {
      const tiles = naiveTiles(size)
      const edgeBytes = edgeTiles(size).map((tile) => tiles.get(pathOf(tile))!)
      const edge = new TileEdge(hasher, size, edgeBytes)
      for (const leaf of leaves.slice(size, size + 700)) edge.append(leaf)
      const after = naiveTiles(size + 700)
      for (const tile of edge.take()) expect(equalBytes(tile.bytes, after.get(pathOf(tile))!)).toBe(true)
    }
    expect(() => new TileEdge(hasher, 300, [])).toThrow(RangeError)
    expect(() => new TileEdge(hasher, 3, [new Uint8Array(64)])).toThrow(FormatError)
  })

  test('proofs read from tiles are those read from the leaves, also through a wider tile', async () => {
    const wide = naiveTiles(70_000)
    const widest = (level: number, index: number) =>
      wide.get(tilePath(level, index, tileWidthAt(level, index, 70_000)))!
    for (const size of [1, 257, 65_536, 66_001]) {
      const exact = naiveTiles(size)
      const read = tileHashReader(hasher, size, async (...tile) => exact.get(tilePath(...tile))!)
      const trimmed = tileHashReader(hasher, size, widest)
      const index = Math.floor((size * 2) / 3)
      const first = Math.ceil(size / 3)
      const direct = leafReader(hasher, leaves)
      const inclusion = (await inclusionProof(hasher, index, size, direct)).map(hex)
      const consistency = (await consistencyProof(hasher, first, size, direct)).map(hex)
      for (const reader of [read, trimmed]) {
        expect((await inclusionProof(hasher, index, size, reader)).map(hex)).toEqual(inclusion)
        expect((await consistencyProof(hasher, first, size, reader)).map(hex)).toEqual(consistency)
      }
    }
  })

  test('a tile is made from the tiles below, and its root is the slot above', async () => {
    const tiles = naiveTiles(70_000)
    const read = leafReader(hasher, leaves)
    for (const tile of [
      { level: 0, index: 5, width: 256 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ])
      expect(hex(await tileHashes(tile, read))).toBe(hex(tiles.get(pathOf(tile))!))
    const below = await tileHashes({ level: 0, index: 5, width: 256 }, read)
    const above = await tileHashes({ level: 1, index: 0, width: 256 }, read)
    expect(hex(tileRoot(hasher, below))).toBe(hex(above.slice(5 * 32, 6 * 32)))
    expect(hex(tileRoot(hasher, above))).toBe(hex(rootOf(hasher, leaves.slice(0, 65_536))))
  })

  test('a tile that is too short, and a subtree outside the tree, are errors', async () => {
    const read = tileHashReader(hasher, 300, (_level, _index, width) => new Uint8Array(32 * (width - 1)))
    await expect(read(0, 0)).rejects.toThrow(FormatError)
    await expect(read(0, 300)).rejects.toThrow(RangeError)
    await expect(read(9, 0)).rejects.toThrow(RangeError)
  })
})

describe('entry bundles', () => {
  test('each entry has its length in two bytes before it', () => {
    const long = new Uint8Array(258).fill(7)
    expect(hex(encodeBundle([new Uint8Array(0), Uint8Array.of(1, 2), long]))).toBe(`000000020102${'0102'}${hex(long)}`)
  })

  test('what is bundled is unbundled', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array(), { minLength: 1, maxLength: 256 }), (entries) => {
        expect(decodeBundle(encodeBundle(entries)).map(hex)).toEqual(entries.map(hex))
      }),
    )
  })

  test('an entry that does not fit is refused, never cut', () => {
    expect(decodeBundle(encodeBundle([new Uint8Array(65_535)]))[0]).toHaveLength(65_535)
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError)
    expect(() => encodeBundle([])).toThrow(RangeError)
    expect(() => encodeBundle(Array(257).fill(new Uint8Array(1)))).toThrow(RangeError)
  })

  test('a torn bundle is refused at whatever byte it ends', () => {
    const whole = encodeBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    for (const end of [0, 1, 2, 3, 4, 6, 7]) expect(() => decodeBundle(whole.slice(0, end))).toThrow(FormatError)
    expect(() => decodeBundle(new Uint8Array(2 * 257))).toThrow(FormatError)
  })
})
