// Each kind of problem, once, with its exact place.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { folderReader, verifyLog, verifyRoot } from '../../src/verify/index.js'
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
  tileFiles,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const thief = makeSigner()

const placesOf = async (files: Map<string, string | Buffer>, options = {}) => {
  const { problems } = await verifyLog(folderReader(writeLog(files)), { keys: [signer.vkey], ...options })
  return problems.map(({ detail: _, ...problem }) => problem)
}
const editLines = (files: Map<string, string | Buffer>, edit: (lines: string[]) => void, first = 0) => {
  const lines = String(files.get(segmentPath(first)))
    .split('\n')
    .slice(0, -1)
  edit(lines)
  files.set(segmentPath(first), lines.map((line) => `${line}\n`).join(''))
  return files
}
const plan = planOf(signer, 600, [100, 300, 600])
const edited = (edit: (lines: string[]) => void) => editLines(logFiles(plan), edit)

test('one record changed is altered', async () => {
  expect(await placesOf(edited((lines) => (lines[301] = lines[301]!.replace('failure', 'success'))))).toEqual([
    { kind: 'altered', index: 301 },
  ])
})

test('several edits are all named', async () => {
  const files = edited((lines) => {
    lines[500] = lines[500]!.replace('failure', 'success')
    lines.splice(400, 2)
    lines.splice(200, 0, makeLine(200, { event: 'x' }))
    lines[3] = lines[3]!.replace('failure', 'success')
  })
  expect(await placesOf(files)).toEqual([
    { kind: 'altered', index: 3 },
    { kind: 'inserted', index: 200 },
    { kind: 'missing', from: 400, to: 402 },
    { kind: 'altered', index: 500 },
  ])
})

test('one record removed is missing, and no more', async () => {
  expect(await placesOf(edited((lines) => lines.splice(20, 1)))).toEqual([{ kind: 'missing', index: 20 }])
})

test('neighbours swapped are reordered', async () => {
  expect(await placesOf(edited((lines) => lines.splice(7, 2, lines[8]!, lines[7]!)))).toEqual([
    { kind: 'reordered', from: 7, to: 9 },
  ])
})

test('two records far apart that changed places are reordered', async () => {
  const swap = (lines: string[]) => ([lines[10], lines[590]] = [lines[590]!, lines[10]!])
  expect(await placesOf(edited(swap))).toEqual([{ kind: 'reordered', from: 10, to: 591 }])
})

test('a record moved elsewhere is reordered', async () => {
  expect(await placesOf(edited((lines) => lines.splice(50, 0, ...lines.splice(40, 1))))).toEqual([
    { kind: 'reordered', from: 40, to: 51 },
  ])
})

test('the last signed line removed or cut in half is truncated', async () => {
  expect(await placesOf(edited((lines) => lines.pop()))).toEqual([{ kind: 'truncated', from: 599, to: 600 }])
  const files = logFiles(plan)
  files.set(segmentPath(0), String(files.get(segmentPath(0))).slice(0, -30))
  expect(await placesOf(files)).toEqual([{ kind: 'truncated', from: 599, to: 600 }])
})

test('a tail cut below the newest checkpoint is truncated, with and without tiles', async () => {
  expect(await placesOf(edited((lines) => lines.splice(450)))).toEqual([{ kind: 'truncated', from: 450, to: 600 }])
  expect(await placesOf(editLines(logFiles({ ...plan, tiles: false }), (lines) => lines.splice(450)))).toEqual([
    { kind: 'truncated', from: 450, to: 600 },
  ])
})

test('the last signed record removed from before unsigned ones is missing, not altered', async () => {
  const files = editLines(logFiles(planOf(signer, 602, [100, 600])), (lines) => lines.splice(599, 1))
  expect(await placesOf(files)).toEqual([{ kind: 'missing', index: 599 }])
})

test('superseded lines of an earlier segment are no part of the damage in a later one', async () => {
  const files = logFiles({ ...plan, rolls: [200] })
  editLines(files, (lines) => lines.push(plan.lines[200]!, plan.lines[201]!))
  editLines(
    files,
    (lines) => {
      lines[50] = lines[50]!.replace('failure', 'success')
    },
    200,
  )
  expect(await placesOf(files)).toEqual([{ kind: 'altered', index: 250 }])
})

test('a checkpoint of another log in the history is of a wrong origin, also for a bare key', async () => {
  const { lines } = planOf(signer, 10)
  const files = logFiles(planOf(signer, 10))
  const other = makeNote(renamed(signer, 'shop/other/shop-3'), lines.slice(0, 4).map(leafOf))
  files.set('checkpoints.log', other + files.get('checkpoints.log'))
  expect(await placesOf(files, { keys: [signer.bare] })).toEqual([{ kind: 'wrong_origin', index: 4 }])
})

test('a whole segment removed is missing', async () => {
  const files = logFiles({ ...plan, rolls: [200, 400] })
  files.delete(segmentPath(200))
  expect(await placesOf(files)).toEqual([{ kind: 'missing', from: 200, to: 400 }])
  files.delete(segmentPath(0))
  expect(await placesOf(files)).toEqual([{ kind: 'missing', from: 0, to: 400 }])
})

test('damage in one segment does not spoil what is said of the next', async () => {
  const files = logFiles({ ...plan, rolls: [200, 400] })
  editLines(files, (lines) => lines.splice(10, 1))
  editLines(files, (lines) => lines.splice(5, 0, makeLine(205, { event: 'x' })), 200)
  expect(await placesOf(files)).toEqual([
    { kind: 'missing', index: 10 },
    { kind: 'inserted', index: 205 },
  ])
})

test('a line added behind the end of a closed segment is inserted, though it is in no tree', async () => {
  const files = logFiles({ ...plan, rolls: [200] })
  editLines(files, (lines) => lines.push(makeLine(200, { event: 'login.succeeded' })))
  expect(await placesOf(files)).toEqual([{ kind: 'inserted', index: 200 }])
})

test('a record changed after the tiles were lost lies between two signed sizes', async () => {
  const files = editLines(
    logFiles({ ...plan, tiles: false }),
    (lines) => (lines[150] = lines[150]!.replace('failure', 'success')),
  )
  expect(await placesOf(files)).toEqual([{ kind: 'altered', from: 100, to: 300 }])
})

test('tiles that are authentic only up to a smaller size still name what lies below it, and bracket the rest', async () => {
  const files = edited((lines) => {
    lines[20] = lines[20]!.replace('failure', 'success')
    lines[400] = lines[400]!.replace('failure', 'success')
  })
  const leaves = plan.lines.map(leafOf)
  leaves[400] = leafOf(plan.lines[400]!.replace('failure', 'success'))
  for (const [path, bytes] of tileFiles(leaves)) files.set(path, bytes)
  expect(await placesOf(files)).toEqual([
    { kind: 'altered', index: 20 },
    { kind: 'altered', from: 300, to: 600 },
  ])
})

test('a checkpoint with a changed size or root is a bad signature', async () => {
  const files = logFiles(planOf(signer, 10, [4, 10]))
  files.set('checkpoints.log', String(files.get('checkpoints.log')).replace('\n4\n', '\n5\n'))
  expect(await placesOf(files)).toEqual([{ kind: 'bad_signature', index: 5 }])
})

test('a history in another order is rolled back', async () => {
  const { lines } = planOf(signer, 10)
  const note = (size: number) => makeNote(signer, lines.slice(0, size).map(leafOf))
  const files = logFiles(planOf(signer, 10, [4, 7, 10]))
  files.set('checkpoints.log', note(7) + note(4) + note(10))
  expect(await placesOf(files)).toEqual([{ kind: 'rolled_back', from: 4, to: 7 }])
})

test('garbage between checkpoints is unreadable', async () => {
  const { lines } = planOf(signer, 10)
  const files = logFiles(planOf(signer, 10, [4, 10]))
  files.set(
    'checkpoints.log',
    `${makeNote(signer, lines.slice(0, 4).map(leafOf))}what is this\n${makeNote(signer, lines.map(leafOf))}`,
  )
  expect(await placesOf(files)).toEqual([{ kind: 'unreadable', index: 4 }])
})

test('a whole note at the end of the history that is none is not taken for a torn one', async () => {
  const files = logFiles(planOf(signer, 10, [4, 10]))
  const history = String(files.get('checkpoints.log'))
  const dash = history.lastIndexOf('\u2014')
  files.set('checkpoints.log', `${history.slice(0, dash)}-${history.slice(dash + 1)}`)
  expect(await placesOf(files)).toEqual([{ kind: 'unreadable', index: 4 }])
})

test('a log with lines and no checkpoint at all is not good', async () => {
  const files = logFiles(planOf(signer, 10, []))
  expect(await placesOf(files)).toEqual([{ kind: 'unreadable', from: 0, to: 10 }])
})

test("a folder signed anew with another key fails with the caller's key, and only with it", async () => {
  const files = logFiles({ ...planOf(thief, 10), signer: { ...renamed(thief, signer.origin) } })
  const kinds = (await placesOf(files)).map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(['wrong_key']))
  expect(await placesOf(files, { keys: undefined })).toEqual([])
})

test('a log.vkey that was replaced is told, though every signature holds', async () => {
  const files = logFiles(planOf(signer, 10))
  files.set('log.vkey', `${renamed(thief, signer.origin).vkey}\n`)
  expect(await placesOf(files)).toEqual([{ kind: 'wrong_key', index: 0 }])
})

test('another log under the same key fails for a vkey, and passes for a bare key with an origin left open', async () => {
  const files = logFiles(planOf(renamed(signer, 'shop/other/shop-3'), 10))
  expect((await placesOf(files)).map(({ kind }) => kind)).toContain('wrong_origin')
  expect(await placesOf(files, { keys: [signer.bare] })).toEqual([])
  expect((await placesOf(files, { keys: [signer.bare], origin: signer.origin })).map(({ kind }) => kind)).toContain(
    'wrong_origin',
  )
})

test('a cut tail with its checkpoints cut too is found only with a checkpoint kept elsewhere', async () => {
  const kept = makeNote(signer, plan.lines.map(leafOf))
  const cut = logFiles(planOf(signer, 450, [100, 300]))
  expect(await placesOf(cut)).toEqual([])
  expect(await placesOf(cut, { against: kept })).toEqual([{ kind: 'rolled_back', from: 450, to: 600 }])
})

test('tiles that speak of more records than there are tell of a cut tail', async () => {
  const files = logFiles(planOf(signer, 450, [100, 300]))
  for (const [path, bytes] of tileFiles(plan.lines.map(leafOf).slice(0, 460))) files.set(path, bytes)
  expect(await placesOf(files)).toEqual([{ kind: 'truncated', from: 450, to: 460 }])
})

test.each([300, 450])('another history under the same key is forked against a checkpoint of size %i', async (size) => {
  const other = plan.lines.map((line, i) => (i === 250 ? line.replace('failure', 'success') : line))
  const kept = makeNote(signer, plan.lines.slice(0, size).map(leafOf))
  const files = logFiles({ ...planOf(signer, 500, [300, 500]), lines: other.slice(0, 500) })
  expect(await placesOf(files, { against: kept })).toEqual([{ kind: 'forked', index: size }])
})

test('two histories signed by the log itself are forked', async () => {
  const files = logFiles(planOf(signer, 10, [4, 10]))
  const { lines } = planOf(signer, 4)
  const other = makeNote(signer, [...lines.slice(0, 3), makeLine(3, { event: 'x' })].map(leafOf))
  files.set(
    'checkpoints.log',
    makeNote(signer, lines.map(leafOf)) + other + makeNote(signer, planOf(signer, 10).lines.map(leafOf)),
  )
  expect(await placesOf(files)).toEqual([{ kind: 'forked', index: 4 }])
})

test('a checkpoint to compare with that another key signed is refused', async () => {
  const files = logFiles(planOf(signer, 10))
  const forged = makeNote({ ...signer, key: thief.key }, plan.lines.slice(0, 10).map(leafOf))
  expect(await placesOf(files, { against: forged })).toEqual([{ kind: 'bad_signature', index: 10 }])
  const stranger = makeNote(renamed(thief, signer.origin), plan.lines.slice(0, 10).map(leafOf))
  expect(await placesOf(files, { against: stranger })).toEqual([{ kind: 'wrong_key', index: 10 }])
})

test('a signed line that is no record of its place is a bad line', async () => {
  const bad = planOf(signer, 6)
  bad.lines[2] = makeLine(7)
  bad.lines[4] = 'not json'
  expect(await placesOf(logFiles(bad))).toEqual([
    { kind: 'bad_line', index: 2 },
    { kind: 'bad_line', index: 4 },
  ])
})

test('a wrong number above the newest checkpoint is a bad line', async () => {
  const files = editLines(logFiles(planOf(signer, 10, [4])), (lines) => lines.splice(6, 1))
  expect(await placesOf(files)).toEqual([{ kind: 'bad_line', index: 6 }])
})

test('half a line above the newest checkpoint, in a segment that was closed, is no torn end', async () => {
  const files = logFiles({ ...planOf(signer, 10, [4]), rolls: [8] })
  files.set(segmentPath(0), String(files.get(segmentPath(0))).slice(0, -30))
  expect(await placesOf(files)).toEqual([{ kind: 'missing', from: 7, to: 8 }])
})

test('a log that a given key or checkpoint names, and that is not there, is missed', async () => {
  const root = tempDir()
  const second = renamed(signer, 'shop/99/shop-1')
  writeLog(logFiles(planOf(signer, 3)), join(root, 'shop-0'))
  writeLog(logFiles(planOf(second, 4)), join(root, 'shop-1'))
  const kept = makeNote(second, planOf(second, 4).lines.map(leafOf))
  expect(await verifyRoot(root, { keys: [signer.bare], against: kept })).toMatchObject({ ok: true })
  rmSync(join(root, 'shop-1'), { recursive: true })
  expect(await verifyRoot(root, { keys: [signer.bare], against: kept })).toMatchObject({
    ok: false,
    logs: [{ problems: [] }, { origin: second.origin, problems: [{ kind: 'rolled_back', from: 0, to: 4 }] }],
  })
  expect(await verifyRoot(root, { keys: [signer.vkey, second.vkey] })).toMatchObject({
    ok: false,
    logs: [{ problems: [] }, { origin: second.origin, problems: [{ kind: 'missing' }] }],
  })
})
