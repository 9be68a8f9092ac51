import { expect, it } from 'vitest'
import {
  epochName,
  logFoldersAmong,
  newestEpoch,
  parseLogFolder,
  parseSegmentName,
  segmentName,
  segmentsAmong,
  slotName,
} from '../../src/writers/file/layout.js'

it('a segment is named by its first line in 20 digits, and nothing else is a segment', () => {
  expect([0, 65_536, Number.MAX_SAFE_INTEGER].map(segmentName)).toEqual([
    '00000000000000000000.jsonl',
    '00000000000000065536.jsonl',
    '00009007199254740991.jsonl',
  ])
  for (const first of [0, 1, 65_536, Number.MAX_SAFE_INTEGER]) expect(parseSegmentName(segmentName(first))).toBe(first)
  for (const name of [
    '1.jsonl',
    '00000000000000000000.jsonl.tmp',
    '99999999999999999999.jsonl',
    '00000000000000000000.json',
    '',
  ]) {
    expect(parseSegmentName(name)).toBeUndefined()
  }
  expect(
    segmentsAmong(['00000000000000000300.jsonl', 'x', '00000000000000000005.jsonl']).map(({ first }) => first),
  ).toEqual([5, 300])
})

it('a log folder says service, slot and epoch, also where the service has digits, dots and dashes', () => {
  expect(parseLogFolder('shop-0')).toEqual({ service: 'shop', slot: 0, epoch: 1, name: 'shop-0' })
  expect(parseLogFolder('my-shop.e2-12.e3')).toEqual({
    service: 'my-shop.e2',
    slot: 12,
    epoch: 3,
    name: 'my-shop.e2-12.e3',
  })
  for (const name of ['shop', 'shop-0.lock', 'shop-01', 'shop-0.e1', 'shop-0.e02', 'Shop-0', '.trailproof', 'meta']) {
    expect(parseLogFolder(name)).toBeUndefined()
  }
  for (const epoch of [1, 2, 10])
    expect(parseLogFolder(epochName(slotName('shop', 3), epoch))).toMatchObject({ slot: 3, epoch })
})

it('the newest epoch of a slot counts, not another slot’s, nor one behind a gap', () => {
  const names = ['shop-0', 'shop-0.e2', 'shop-0.e10', 'shop-1', 'shop-1.lock', 'shop-00', 'shop-3.e2', 'shop-3.e3']
  const newest = ['shop-0', 'shop-1', 'shop-2', 'shop-3'].map((slot) => newestEpoch(slot, names))
  expect(newest).toEqual([2, 1, 0, 3])
  expect(logFoldersAmong(names).map(({ name }) => name)).toEqual([
    'shop-0',
    'shop-0.e2',
    'shop-0.e10',
    'shop-1',
    'shop-3.e2',
    'shop-3.e3',
  ])
})
