import { Frontier, leafReader, tileHashes, tilesOf } from '@trailproof/tlog'
import { expect, test } from 'vitest'
import { hasher } from '../../src/log/crypto.js'
import { leafHash, Tree } from '../../src/verify/tree.js'

test('roots and tiles are those of @trailproof/tlog, which shares no code with this tree', async () => {
  const tree = new Tree()
  const frontier = new Frontier(hasher)
  const leaves: Uint8Array[] = []
  const full = new Map<string, string>()
  for (let i = 0; i < 1500; i++) {
    const line = Buffer.from(`x{"seq":${i}}`)
    const leaf = leafHash(line, 1, line.length)
    expect(line[0]).toBe(0x78)
    leaves.push(hasher.leaf(line.subarray(1)))
    expect(Buffer.from(leaf, 'latin1')).toEqual(Buffer.from(leaves[i]!))
    tree.append(leaf)
    frontier.append(leaves[i]!)
    if (i % 97 === 0) expect(Buffer.from(tree.root(), 'latin1')).toEqual(Buffer.from(frontier.root()))
    for (const tile of tree.full.splice(0)) full.set(`${tile.level}/${tile.index}`, tile.bytes.toString('hex'))
  }
  for (const tile of tree.partial())
    full.set(`${tile.level}/${tile.index}`, tile.bytes.subarray(0, tile.width * 32).toString('hex'))
  const read = leafReader(hasher, leaves)
  const expected = new Map<string, string>()
  for (const tile of tilesOf(1500))
    expected.set(`${tile.level}/${tile.index}`, Buffer.from(await tileHashes(tile, read)).toString('hex'))
  expect(full).toEqual(expected)
})
