import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { contentsReader, folderReader, verifyLog, verifyRoot } from '../../src/verify/index.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeNote,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  treeRoot,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const verify = (dir: string, options = {}) => verifyLog(folderReader(dir), options)

test.each([0, 1, 2, 255, 256, 257, 1000])('a clean log of %i records, signed at random sizes, verifies', async (n) => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: n }), { maxLength: 6 }),
      fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, n - 1) }), { maxLength: 3 }),
      async (sizes, rolls) => {
        const signed = [...new Set([...sizes, n])].sort((a, b) => a - b)
        const plan = { ...planOf(signer, n, signed), rolls: rolls.filter((at) => at < n).sort((a, b) => a - b) }
        const report = await verify(writeLog(logFiles(plan)), { keys: [signer.vkey] })
        expect(report).toEqual({
          name: 'shop-0',
          origin: signer.origin,
          size: n,
          root: treeRoot(plan.lines.map(leafOf)).toString('base64'),
          checkpoints: signed.length,
          signed: n,
          unsigned: 0,
          unanchored: n,
          recovered: [],
          ...(n > 0 && { newest: JSON.parse(plan.lines.at(-1)!).time }),
          problems: [],
          notes: n === 0 ? [{ kind: 'empty', detail: 'the log holds no record' }] : [],
        })
      },
    ),
    { numRuns: n > 500 ? 3 : 8 },
  )
})

test('without a key from the caller the trust is self; with one it is key', async () => {
  const dir = writeLog(logFiles(planOf(signer, 3)))
  expect(await verifyRoot(dir)).toMatchObject({ ok: true, trust: 'self', logs: [{ origin: signer.origin, size: 3 }] })
  expect(await verifyRoot(dir, { keys: [signer.vkey] })).toMatchObject({ ok: true, trust: 'key' })
})

test.each([
  ['base64', () => signer.bare],
  ['PEM', () => signer.pem],
])('a bare public key in %s is believed, and the report says that it pins no origin', async (_, key) => {
  const { problems, notes } = await verify(writeLog(logFiles(planOf(signer, 3))), { keys: [key()] })
  expect({ problems, notes: notes.map(({ kind }) => kind) }).toEqual({ problems: [], notes: ['origin_not_pinned'] })
})

test('records above the newest checkpoint are counted as unsigned, and are no failure', async () => {
  const report = await verify(writeLog(logFiles(planOf(signer, 10, [4, 7]))))
  expect(report).toMatchObject({
    size: 10,
    signed: 7,
    unsigned: 3,
    problems: [],
    notes: [{ kind: 'unsigned', from: 7, to: 10 }],
  })
})

test('half a line above the newest checkpoint is what a crash leaves, and is no failure', async () => {
  const files = logFiles(planOf(signer, 10, [7]))
  files.set(segmentPath(0), `${files.get(segmentPath(0))}${makeLine(10).slice(0, 20)}`)
  const { size, problems, notes } = await verify(writeLog(files))
  expect({ size, problems, notes: notes.map(({ kind }) => kind) }).toEqual({
    size: 10,
    problems: [],
    notes: ['unsigned', 'torn'],
  })
})

test('NUL bytes above the newest checkpoint, with lines behind them, are what a power cut leaves', async () => {
  const files = logFiles(planOf(signer, 10, [7]))
  files.set(segmentPath(0), `${files.get(segmentPath(0))}${'\0'.repeat(512)}\n${makeLine(11)}\n`)
  const { size, root, problems, notes } = await verify(writeLog(files))
  expect({ size, root, problems }).toEqual({
    size: 10,
    root: treeRoot(planOf(signer, 10).lines.map(leafOf)).toString('base64'),
    problems: [],
  })
  expect(notes.map(({ kind }) => kind)).toEqual(['unsigned', 'torn'])
})

test('a torn end of checkpoints.log is no failure', async () => {
  const files = logFiles(planOf(signer, 10, [4, 10]))
  const { lines } = planOf(signer, 4)
  files.set('checkpoint', makeNote(signer, lines.map(leafOf))) // synced; the one behind it was not
  const history = String(files.get('checkpoints.log'))
  for (let cut = 1; cut < 180; cut += 7) {
    files.set('checkpoints.log', history.slice(0, -cut))
    const { problems, notes } = await verify(writeLog(files))
    expect({ problems, notes: notes.map(({ kind }) => kind) }).toEqual({ problems: [], notes: ['torn', 'unsigned'] })
  }
})

test('a history that lost its end, though the newest checkpoint was synced after it, is told', async () => {
  const files = logFiles(planOf(signer, 10, [4, 10]))
  files.delete('checkpoints.log')
  expect(await verify(writeLog(files))).toMatchObject({
    checkpoints: 1,
    problems: [],
    notes: [{ kind: 'history_cut', index: 10 }],
  })
})

test('a segment longer than what is read at once is read whole', async () => {
  const long = planOf(signer, 600)
  long.lines = long.lines.map((_, seq) => makeLine(seq, { data: { text: 'x'.repeat(seq * 20) } }))
  const dir = writeLog(logFiles(long))
  expect(statSync(join(dir, segmentPath(0))).size).toBeGreaterThan(3 * 1024 * 1024)
  expect(await verify(dir)).toMatchObject({ size: 600, checkpoints: 1, problems: [], notes: [] })
})

test('a file without line breaks does not fill the memory', async () => {
  const dir = writeLog(logFiles(planOf(signer, 10)))
  appendFileSync(join(dir, segmentPath(0)), Buffer.alloc(40 * 1024 * 1024, 'x'))
  const before = process.memoryUsage().rss
  expect(await verify(dir)).toMatchObject({ size: 10, problems: [], notes: [{ kind: 'torn', index: 10 }] })
  expect(process.memoryUsage().rss - before).toBeLessThan(20e6)
})

test('lines that a later segment superseded do not count', async () => {
  const plan = { ...planOf(signer, 10), rolls: [6] }
  const files = logFiles(plan)
  files.set(
    segmentPath(0),
    `${files.get(segmentPath(0))}${plan.lines[6]}\n${plan.lines[7]}\n${plan.lines[8]!.slice(0, 9)}`,
  )
  const { size, problems, notes } = await verify(writeLog(files))
  expect({ size, problems, notes: notes.map(({ kind }) => kind) }).toEqual({
    size: 10,
    problems: [],
    notes: ['leftover'],
  })
})

test('missing tiles are fine, and so are empty ones that a power cut left', async () => {
  const plan = planOf(signer, 300, [300])
  expect(await verify(writeLog(logFiles({ ...plan, tiles: false })))).toMatchObject({ problems: [] })
  const files = logFiles(plan)
  files.set('tile/0/000', '')
  files.set('tile/1/000.p/1', Buffer.alloc(32))
  expect(await verify(writeLog(files))).toMatchObject({ problems: [] })
})

test('a recovery is told by the record of it', async () => {
  const plan = planOf(signer, 6)
  plan.lines[4] = makeLine(4, { event: 'audit.recovered', data: { from: 2, to: 4 } })
  plan.lines[5] = makeLine(5, { event: 'login.failed', data: { note: 'audit.recovered', from: 1, to: 2 } })
  expect(await verify(writeLog(logFiles(plan)))).toMatchObject({ problems: [], recovered: [{ from: 2, to: 4 }] })
})

test('a checkpoint kept elsewhere that the log still contains is fine', async () => {
  const plan = planOf(signer, 20, [5, 20])
  const kept = makeNote(signer, plan.lines.slice(0, 11).map(leafOf))
  expect(await verify(writeLog(logFiles(plan)), { against: kept })).toMatchObject({ problems: [], checkpoints: 2 })
})

test('the root of several logs is verified log by log; folders with a dot are none', async () => {
  const root = tempDir()
  const second = renamed(signer, 'shop/99/shop-1')
  writeLog(logFiles(planOf(signer, 3)), join(root, 'shop-0'))
  writeLog(logFiles(planOf(second, 4)), join(root, 'shop-1'))
  mkdirSync(join(root, '.trailproof'))
  writeFileSync(join(root, 'shop-0.lock'), '')
  const report = await verifyRoot(root, { keys: [signer.vkey, second.vkey] })
  expect(report).toMatchObject({
    ok: true,
    trust: 'key',
    logs: [
      { name: 'shop-0', size: 3 },
      { name: 'shop-1', size: 4 },
    ],
  })
})

test('a log from memory is verified as one from a folder', async () => {
  const { lines } = planOf(signer, 300)
  const reader = contentsReader({
    lines: lines.map((line) => `${line}\n`).join(''),
    checkpoints: [makeNote(signer, lines.map(leafOf))],
    vkey: signer.vkey,
  })
  expect(await verifyLog(reader)).toMatchObject({ size: 300, checkpoints: 1, problems: [] })
})

test('no folder, or a folder without logs, is an error with a code', async () => {
  await expect(verifyRoot('/nowhere/at/all')).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_NOT_FOUND' })
  await expect(verifyRoot(tempDir())).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_NOT_FOUND' })
})

test('what is no key, or no checkpoint, is refused before anything is read', async () => {
  const dir = writeLog(logFiles(planOf(signer, 3)))
  await expect(verifyRoot(dir, { keys: ['nonsense'] })).rejects.toMatchObject({ code: 'TRAILPROOF_KEY_INVALID' })
  await expect(verifyRoot(dir, { keys: ['-----BEGIN PRIVATE KEY-----'] })).rejects.toMatchObject({
    code: 'TRAILPROOF_KEY_INVALID',
  })
  await expect(verifyRoot(dir, { against: 'nonsense' })).rejects.toMatchObject({
    code: 'TRAILPROOF_CHECKPOINT_CORRUPT',
  })
})
