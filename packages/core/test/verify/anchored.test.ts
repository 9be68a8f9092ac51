// What a named anchor adds: the three attacks that local files do not show, each asserted to pass without it and to be found,
// with its place, with it.
import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { type AnchorSource, type VerifyOptions, verifyRoot } from '../../src/index.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeNote,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  tempDir,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)

const signer = makeSigner()
const plan = planOf(signer, 300, [100, 200, 300])
const leaves = plan.lines.map(leafOf)
const newest = new Date(JSON.parse(plan.lines[299]!).time)
const after = (seconds: number) => new Date(newest.getTime() + seconds * 1000)

/** An anchor that took checkpoints of these sizes, a second after the newest record of each. */
function anchorOf(...sizes: number[]): AnchorSource {
  const checkpoints = sizes.map((size) => ({
    note: makeNote(signer, leaves.slice(0, size)),
    time: new Date(Date.parse(JSON.parse(plan.lines[size - 1]!).time) + 1000),
  }))
  return {
    name: 'elsewhere',
    read: async (origin) => ({ checkpoints: origin === signer.origin ? checkpoints : [], refused: [] }),
    known: async () => checkpoints.slice(-1),
  }
}

const verify = async (dir: string, options: VerifyOptions = {}) => {
  const { ok, trust, logs } = await verifyRoot(dir, { keys: [signer.vkey], now: () => after(61), ...options })
  return { ok, trust, log: logs[0]! }
}

test('trust is self, key or anchored', async () => {
  const dir = writeLog(logFiles(plan))
  const trustOf = async (options: VerifyOptions) => (await verify(dir, options)).trust
  expect(await trustOf({ keys: [] })).toBe('self')
  expect(await trustOf({ keys: [], anchors: [anchorOf(300)] })).toBe('self')
  expect(await trustOf({})).toBe('key')
  expect(await trustOf({ anchors: [anchorOf()] })).toBe('key')
  expect(await trustOf({ anchors: [anchorOf(), anchorOf(100)] })).toBe('anchored')
})

test('what lies above the newest anchored checkpoint is counted, in records and in seconds', async () => {
  const dir = writeLog(logFiles(plan))
  const { log } = await verify(dir, { anchors: [anchorOf(100, 200)] })
  const time = new Date(Date.parse(JSON.parse(plan.lines[199]!).time) + 1000)
  expect(log).toMatchObject({
    anchored: { size: 200, by: 'elsewhere', time: time.toISOString(), ageSeconds: 60 },
    unanchored: 100,
    unanchoredSeconds: 0, // the records are milliseconds apart
    problems: [],
  })
  expect((await verify(dir, { anchors: [anchorOf(300)] })).log).toMatchObject({ unanchored: 0, unanchoredSeconds: 0 })
  const none = (await verify(dir)).log
  expect([none.anchored, none.unanchored, none.unanchoredSeconds]).toEqual([undefined, 300, undefined])
})

test('seconds are counted from the anchor’s time to the newest record', async () => {
  const late = { ...plan, lines: [...plan.lines.slice(0, 299), makeLine(299, { time: after(90).toISOString() })] }
  const { log } = await verify(writeLog(logFiles(late)), { anchors: [anchorOf(100)] })
  expect(log).toMatchObject({ unanchored: 200, unanchoredSeconds: 89 })
})

const attacks: [string, () => string, object, number][] = [
  [
    'the whole folder is put back to an older genuine state',
    () => writeLog(logFiles(planOf(signer, 200, [100, 200]))),
    { kind: 'rolled_back', from: 200, to: 300 },
    200,
  ],
  [
    'a record is rewritten, and all is signed anew with the stolen key',
    () => {
      const lines = plan.lines.map((line, i) => (i === 150 ? line.replace('c150', 'c666') : line))
      return writeLog(logFiles({ ...plan, lines }))
    },
    // Between the last anchored size that still fits, 100, and the first that does not.
    { kind: 'forked', index: 200 },
    100,
  ],
  [
    'the last moment is cut off, with its checkpoints',
    () => writeLog(logFiles(planOf(signer, 299, [100, 200, 299]))),
    { kind: 'rolled_back', from: 299, to: 300 },
    200,
  ],
]
test.each(attacks)(
  '%s: not found locally, found with an anchor, and where',
  async (_, attacked, problem, stillAnchored) => {
    const dir = attacked()
    expect(await verify(dir)).toMatchObject({ ok: true, log: { problems: [], notes: [] } })
    const found = await verify(dir, { anchors: [anchorOf(100, 200, 300)] })
    expect(found.ok).toBe(false)
    expect(found.log.problems[0]).toMatchObject(problem)
    expect(found.log.anchored?.size).toBe(stillAnchored) // what the log no longer contains vouches for nothing
  },
)

test('what an anchor has not seen yet can be cut off unseen: so its age is limited', async () => {
  const dir = writeLog(logFiles(planOf(signer, 200, [100, 200])))
  const stale = { anchors: [anchorOf(100, 200)], maxAgeSeconds: 3600 }
  expect((await verify(dir, stale)).ok).toBe(true)
  const { ok, log } = await verify(dir, { ...stale, now: () => after(7200) })
  expect(ok).toBe(false)
  expect(log.problems).toMatchObject([
    { kind: 'unanchored', from: 200, to: 200, detail: expect.stringMatching(/7199 seconds old/) },
  ])
})

test('requireAnchor fails a log that no anchor vouches for, and no other', async () => {
  const dir = writeLog(logFiles(plan))
  for (const options of [{ requireAnchor: true }, { maxAgeSeconds: 10 }])
    expect((await verify(dir, { anchors: [anchorOf()], ...options })).log.problems).toMatchObject([
      { kind: 'unanchored', from: 0, to: 300, detail: expect.stringContaining('no anchor that was named') },
    ])
  expect((await verify(dir, { anchors: [anchorOf(100)], requireAnchor: true })).ok).toBe(true)
})

test('an anchor that does not say when cannot satisfy an age', async () => {
  const timeless: AnchorSource = {
    name: 'timeless',
    read: async () => ({ checkpoints: [{ note: makeNote(signer, leaves) }], refused: [] }),
  }
  const dir = writeLog(logFiles(plan))
  expect((await verify(dir, { anchors: [timeless] })).log).toMatchObject({ anchored: { size: 300, by: 'timeless' } })
  expect((await verify(dir, { anchors: [timeless], maxAgeSeconds: 1e9 })).log.problems).toMatchObject([
    { kind: 'unanchored' },
  ])
})

test('what others put into an anchor says nothing about the log, and is told', async () => {
  const thief = renamed(makeSigner(), signer.origin)
  const junk: AnchorSource = {
    name: 'junk',
    read: async () => ({
      checkpoints: [{ note: makeNote(thief, leaves, 9999) }, { note: 'nothing\n' }],
      refused: ['a.tsr: it is malformed'],
    }),
  }
  const { ok, trust, log } = await verify(writeLog(logFiles(plan)), { anchors: [junk] })
  expect({ ok, trust }).toEqual({ ok: true, trust: 'key' })
  expect(log.notes).toEqual([{ kind: 'receipt_refused', detail: 'junk: a.tsr: it is malformed (and 2 more)' }])
})

test('a log that was deleted as a whole is missed, since the anchor knows it', async () => {
  const root = tempDir()
  const other = renamed(signer, 'shop/7f3a/shop-1')
  writeLog(logFiles(planOf(other, 5)), `${root}/shop-1`)
  const gone = writeLog(logFiles(plan), `${root}/shop-0`)
  const options = { keys: [signer.bare], anchors: [anchorOf(300)] }
  expect((await verifyRoot(root, options)).ok).toBe(true)
  rmSync(gone, { recursive: true })
  const { ok, trust, logs } = await verifyRoot(root, options)
  expect({ ok, trust }).toEqual({ ok: false, trust: 'key' })
  expect(logs.at(-1)).toMatchObject({ origin: signer.origin, problems: [{ kind: 'rolled_back', from: 0, to: 300 }] })
})

test('a log that calls itself otherwise is compared with the anchor of the log that was meant', async () => {
  const moved = renamed(signer, 'shop/7f3a/shop-9')
  const dir = writeLog(logFiles({ ...planOf(moved, 5), signer: moved }))
  const { ok, log } = await verify(dir, { keys: [signer.bare], origin: signer.origin, anchors: [anchorOf(300)] })
  expect(ok).toBe(false)
  expect(log.problems).toContainEqual(expect.objectContaining({ kind: 'rolled_back', to: 300 }))
})
