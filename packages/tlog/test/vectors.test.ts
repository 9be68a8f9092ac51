// The published vectors that other implementations agree on, byte for byte. RFC 6962's example leaves.
import { describe, expect, test } from 'vitest'
import {
  consistencyProof,
  Frontier,
  inclusionProof,
  leafReader,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.js'
import { base64, hasher, hex, unhex, utf8 } from './helpers.js'

const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const LEAVES = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
  '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
  'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
  '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
]
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const NODE_2_3 = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e'
const NODE_4_5 = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a'
const NODE_6_7 = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0'
const NODE_4_7 = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'

const leaves = data.map((d) => hasher.leaf(unhex(d)))
const hexes = (hashes: Uint8Array[]) => hashes.map(hex)

test('the example leaves have the published leaf hashes', () => {
  expect(hexes(leaves)).toEqual(LEAVES)
})

test('every size from 0 to 8 has the published root, grown or computed at once', () => {
  const frontier = new Frontier(hasher)
  const grown = [hex(frontier.root())]
  for (const leaf of leaves) {
    frontier.append(leaf)
    grown.push(hex(frontier.root()))
  }
  expect(grown).toEqual(ROOTS)
  expect(ROOTS.map((_, size) => hex(rootOf(hasher, leaves.slice(0, size))))).toEqual(ROOTS)
})

describe('inclusion proofs are the published ones', () => {
  test.each([
    [0, 8, [LEAVES[1], NODE_2_3, NODE_4_7]],
    [5, 8, [LEAVES[4], NODE_6_7, ROOTS[4]]],
    [2, 3, [ROOTS[2]]],
    [1, 5, [LEAVES[0], NODE_2_3, LEAVES[4]]],
  ])('leaf %i of %i', async (index, size, expected) => {
    const proof = await inclusionProof(hasher, index, size, leafReader(hasher, leaves))
    expect(hexes(proof)).toEqual(expected)
    expect(verifyInclusion(hasher, { index, size, leafHash: leaves[index]!, root: unhex(ROOTS[size]!), proof })).toBe(
      true,
    )
  })
})

describe('consistency proofs are the published ones', () => {
  test.each([
    [1, 8, [LEAVES[1], NODE_2_3, NODE_4_7]],
    [6, 8, [NODE_4_5, NODE_6_7, ROOTS[4]]],
    [2, 5, [NODE_2_3, LEAVES[4]]],
  ])('size %i to %i', async (first, second, expected) => {
    const proof = await consistencyProof(hasher, first, second, leafReader(hasher, leaves))
    expect(hexes(proof)).toEqual(expected)
    const [firstRoot, secondRoot] = [unhex(ROOTS[first]!), unhex(ROOTS[second]!)]
    expect(verifyConsistency(hasher, { first, second, firstRoot, secondRoot, proof })).toBe(true)
  })
})

test('"hello world" has the leaf hash that Go’s sumdb gives', () => {
  expect(base64(hasher.leaf(utf8('hello world')))).toBe('TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=')
})
