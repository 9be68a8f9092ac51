// Consistency proofs out of a log folder, held against RFC 6962's own definition.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { subproof } from '../../../tlog/test/helpers.js'
import { folderReader, proveConsistency, type SignedTree } from '../../src/index.js'
import {
  leafOf,
  logFiles,
  makeSigner,
  planOf,
  removeTempDirs,
  segmentPath,
  tilePath,
  treeRoot,
  writeLog,
} from '../verify/fixture.js'

afterAll(removeTempDirs)

const SIZE = 70_000
const plan = { ...planOf(makeSigner(), SIZE, []), rolls: [256, 65_536] }
const leaves = plan.lines.map(leafOf)
const withTiles = writeLog(logFiles({ ...plan, signed: [SIZE] }))
const linesAlone = writeLog(logFiles({ ...plan, tiles: false }))
const treeOf = (size: number) => ({ size, root: treeRoot(leaves.slice(0, size)) })
const expected = (from: number, size: number) => hexes(subproof(from, leaves.slice(0, size)))
const hexes = (hashes: Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'))
const prove = async (dir: string, from: number, tree: SignedTree) =>
  hexes(await proveConsistency(folderReader(dir), from, tree))

describe('a proof that a log only grew', () => {
  const pairs = [
    [1, 2],
    [1, 256],
    [255, 257],
    [256, 512],
    [257, 65_535],
    [65_535, 65_536],
    [1, 70_000],
    [69_999, 70_000],
    [65_536, 70_000],
    [300, 300],
  ] as const
  test.each(pairs)('from %i to %i is that of RFC 6962, from tiles and from lines', async (from, size) => {
    for (const dir of [withTiles, linesAlone])
      expect(await prove(dir, from, treeOf(size))).toEqual(expected(from, size))
  })

  test('is made from the lines when a tile was changed, so that a good log never looks forked', async () => {
    const dir = writeLog(logFiles(planOf(makeSigner(), 600)))
    const lines = planOf(makeSigner(), 600).lines.map(leafOf)
    const tree = { size: 600, root: treeRoot(lines) }
    for (const broken of [Buffer.alloc(8192, 7), Buffer.alloc(100), Buffer.alloc(0)]) {
      writeFileSync(join(dir, tilePath(0, 0, 256)), broken)
      expect(await prove(dir, 300, tree)).toEqual(hexes(subproof(300, lines)))
    }
  })

  test('does not need a tile that only its leftover wider form stands for', async () => {
    const [from, size] = [65_700, 69_900] // the stored edge is that of 70,000
    expect(await prove(withTiles, from, treeOf(size))).toEqual(expected(from, size))
  })
})

describe('no proof', () => {
  test('is given out that does not lead to the signed root', async () => {
    const changed = { ...plan, tiles: false, lines: plan.lines.with(40, plan.lines[41]!) }
    const dir = writeLog(logFiles(changed))
    await expect(prove(dir, 100, treeOf(1000))).rejects.toMatchObject({
      code: 'TRAILPROOF_LOG_CORRUPT',
      size: 1000,
    })
  })

  test('is made of a log whose lines are cut off, or that lacks a segment', async () => {
    const cut = writeLog(logFiles({ ...planOf(makeSigner(), 500, []), tiles: false }))
    await expect(prove(cut, 100, treeOf(600))).rejects.toMatchObject({
      code: 'TRAILPROOF_LOG_CORRUPT',
    })
    const gap = writeLog(logFiles({ ...planOf(makeSigner(), 600, []), rolls: [256, 512], tiles: false }))
    rmSync(join(gap, segmentPath(256)))
    await expect(prove(gap, 100, treeOf(600))).rejects.toMatchObject({
      code: 'TRAILPROOF_LOG_CORRUPT',
    })
  })

  test('exists about an empty tree, or from a larger one to a smaller one', async () => {
    for (const from of [0, 601, -1, 1.5])
      await expect(prove(withTiles, from, treeOf(600))).rejects.toBeInstanceOf(RangeError)
  })
})
