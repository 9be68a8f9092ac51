// One anchor beside a running log, with a clock that moves when told to.
import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, it } from 'vitest'
import { Lane } from '../../src/anchor/lane.js'
import { checkpointSigner } from '../../src/log/crypto.js'
import type { Evidence } from '../../src/writers/writer.js'
import { Clock, turns } from '../log/support.js'
import { MemoryAnchor } from './support.js'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const own = { origin: 'shop/a/shop-0', publicKeys: [publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)] }
const noteOf = (size: number, origin = own.origin) =>
  checkpointSigner(origin, { publicKey: own.publicKeys[0]!, sign: (m) => sign(null, m, privateKey) })(
    size,
    Buffer.alloc(32, size),
  )

function start(anchor = new MemoryAnchor()) {
  const clock = new Clock()
  const told: (string | undefined)[] = []
  const kept: string[] = []
  const shown: string[] = []
  const log = { note: undefined as string | undefined, proofs: [] as [number, number][] }
  const evidence: Evidence = {
    origins: async () => [],
    checkpoint: async () => log.note,
    prove: async (_, from, to) => (log.proofs.push([from, to]), []),
    keep: async (_, name) => void kept.push(name),
  }
  const lane = new Lane({
    anchor,
    everyMs: 60_000,
    timers: clock,
    wall: () => Date.UTC(2026, 10, 23) + clock.now(),
    changed: (_, error) => void told.push(error?.code),
    contradicted: (_, note) => void shown.push(note),
  })
  const begin = async () => {
    lane.begin(own, evidence)
    await clock.advance(0)
  }
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await turns()
  }
  return { anchor, lane, clock, told, kept, shown, log, begin, pass }
}

it('the newest checkpoint is published, those in between are skipped, and an old one is not sent again', async () => {
  const { anchor, log, kept, lane, begin, pass } = start()
  log.note = noteOf(5)
  await begin()
  for (const size of [6, 7, 9]) log.note = noteOf(size)
  expect(anchor.sizes).toEqual([5])
  await pass(60_000)
  await pass(60_000)
  expect([anchor.sizes, anchor.calls, kept]).toEqual([[5, 9], 2, ['elsewhere-5.receipt', 'elsewhere-9.receipt']])
  expect(lane.health(12)).toEqual({
    name: 'elsewhere',
    kind: 'memory',
    size: 9,
    time: '2026-11-23T00:01:00.000Z',
    unanchoredRecords: 3,
    unanchoredSeconds: 0,
  })
})

it('a log without a checkpoint is not anchored, and that is no failure', async () => {
  const { anchor, lane, begin, told } = start()
  await begin()
  expect([anchor.calls, told, lane.health(0).unanchoredSeconds]).toEqual([0, [], 0])
})

it('a failing anchor is tried after 1, 2, 4 … 60 seconds, told once, and told again when it works', async () => {
  const { anchor, log, lane, told, begin, pass } = start()
  log.note = noteOf(5)
  anchor.mode = 'fail'
  await begin()
  const calls: number[] = []
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
    await pass(seconds * 1000 - 1)
    const before = anchor.calls
    await pass(1)
    calls.push(anchor.calls - before)
  }
  expect([calls, told]).toEqual([[1, 1, 1, 1, 1, 1, 1, 1], ['TRAILPROOF_ANCHOR_FAILED']])
  expect(lane.health(5)).toMatchObject({
    unanchoredRecords: 5,
    unanchoredSeconds: 183,
    failingSince: '2026-11-23T00:00:00.000Z',
    error: { code: 'TRAILPROOF_ANCHOR_FAILED', message: 'the anchor could not be reached: connection refused' },
  })
  expect([lane.trouble(183_001)?.code, lane.trouble(182_999)?.code]).toEqual([undefined, 'TRAILPROOF_ANCHOR_FAILED'])
  anchor.mode = 'work'
  await pass(60_000)
  expect([told.at(-1), anchor.sizes, lane.trouble(0)]).toEqual([undefined, [5], undefined])
})

it('an anchor that hangs is given up after 15 seconds, and not called again before it has returned', async () => {
  const { anchor, log, told, begin, pass } = start()
  log.note = noteOf(5)
  anchor.mode = 'hang'
  await begin()
  await pass(14_999)
  expect(told).toEqual([])
  await pass(1)
  expect(told).toEqual(['TRAILPROOF_ANCHOR_FAILED'])
  for (let i = 0; i < 20; i++) await pass(60_000)
  expect(anchor.calls).toBe(1)
  anchor.mode = 'work'
  anchor.letGo()
  await turns() // what came back late counts
  log.note = noteOf(8)
  await pass(60_000)
  expect([anchor.calls, anchor.sizes, told.at(-1)]).toEqual([2, [5, 8], undefined])
})

it('once a minute an anchor is asked what it knows: a larger log under our key contradicts, another key says nothing', async () => {
  const { anchor, log, told, shown, begin, pass } = start()
  log.note = noteOf(5)
  anchor.latest = async () => noteOf(9)
  await begin()
  await pass(59_000)
  expect([shown, told]).toEqual([[], []])
  await pass(2000)
  expect([shown, told]).toEqual([[noteOf(9)], ['TRAILPROOF_ANCHOR_CONFLICT']])
  anchor.latest = async () => noteOf(9, 'shop/b/shop-0')
  await pass(120_000)
  expect([shown.length, told.at(-1)]).toEqual([1, undefined])
  anchor.latest = () => Promise.reject(new Error('not now'))
  await pass(120_000)
  expect([shown.length, told.at(-1)]).toEqual([1, undefined])
})

it('another log is published from its beginning', async () => {
  const { anchor, lane, log, begin, pass } = start()
  log.note = noteOf(5)
  await begin()
  log.note = noteOf(2)
  await begin()
  await pass(60_000)
  expect([anchor.sizes, lane.health(2).size]).toEqual([[5, 2], 2])
})

it('a disk that hangs shows as a failure of the anchor, too', async () => {
  const { lane, log, told, begin, pass } = start()
  Object.defineProperty(log, 'note', { get: () => new Promise(() => {}) })
  await begin()
  await pass(15_000)
  expect([told, lane.health(5)]).toMatchObject([['TRAILPROOF_ANCHOR_FAILED'], { unanchoredSeconds: 15 }])
})

it.each([
  ['the log’s own checkpoint goes back', noteOf(3)],
  ['the checkpoint is another log’s', noteOf(9, 'shop/b/shop-0')],
  ['the checkpoint is no note', 'size 9'],
])('%s: nothing is published, and health is red at once', async (_, note) => {
  const { anchor, log, lane, told, begin, pass } = start()
  log.note = noteOf(5)
  await begin()
  log.note = note
  await pass(60_000)
  expect([anchor.sizes, told, lane.trouble(1e9)?.code]).toEqual([
    [5],
    ['TRAILPROOF_ANCHOR_CONFLICT'],
    'TRAILPROOF_ANCHOR_CONFLICT',
  ])
})

it('receipts with names that lead elsewhere, or too large ones, are refused', async () => {
  for (const file of [
    { name: '../checkpoint', bytes: Buffer.alloc(1) },
    { name: 'large', bytes: Buffer.alloc(2 ** 20 + 1) },
  ]) {
    const { anchor, log, kept, told, begin } = start()
    anchor.publish = async () => ({ files: [file] })
    log.note = noteOf(5)
    await begin()
    await turns()
    expect([kept, told]).toEqual([[], ['TRAILPROOF_ANCHOR_FAILED']])
  }
})

it('at the end there is one last attempt, which is given up when its time is over', async () => {
  const good = start()
  good.log.note = noteOf(5)
  await good.begin()
  good.log.note = noteOf(8)
  await good.lane.close(3000)
  expect(good.anchor.sizes).toEqual([5, 8])
  await good.pass(1e6)
  expect(good.anchor.calls).toBe(2)

  const hanging = start()
  hanging.log.note = noteOf(5)
  hanging.anchor.mode = 'hang'
  await hanging.begin()
  const closed = hanging.lane.close(3000)
  await hanging.pass(3000)
  await closed
  expect(hanging.anchor.sizes).toEqual([])
})
