import { expect, it } from 'vitest'
import { openedFrom, openingRecords } from '../../src/log/opening.js'
import type { Settings } from '../../src/options.js'
import { loadKeys, memoryKeys } from '../../src/privacy/keys.js'
import { memoryWriter } from '../../src/writers/memory.js'
import type { Head } from '../../src/writers/writer.js'

const headAfter = (kind: NonNullable<Head['previous']>['kind']): Head => ({
  size: 0,
  frontier: [],
  signedSize: 0,
  previous: { origin: 'shop/a/shop-0', kind, problem: 'it is wrong' },
})

it('a checkpoint that is wrong has an error code of its own; anything else is the log’s', () => {
  const codes = (['checkpoint', 'records', 'key', 'slot', 'rollback'] as const).map(
    (kind) => openedFrom(headAfter(kind), 'shop/b/shop-0', new Uint8Array(32)).damaged?.code,
  )
  expect(codes).toEqual([
    'TRAILPROOF_CHECKPOINT_CORRUPT',
    'TRAILPROOF_LOG_CORRUPT',
    'TRAILPROOF_LOG_CORRUPT',
    'TRAILPROOF_LOG_CORRUPT',
    'TRAILPROOF_LOG_ROLLED_BACK',
  ])
})

it('the first record of the next log says what kind of thing was wrong', () => {
  const settings = { writer: memoryWriter(), policy: [], anchors: [] } as unknown as Settings
  const [told] = openingRecords(headAfter('slot'), 'shop/b/shop-0', settings, loadKeys(memoryKeys(), {}))
  expect(told).toMatchObject({ event: 'audit.integrity_failed', data: { kind: 'slot', problem: 'it is wrong' } })
})
