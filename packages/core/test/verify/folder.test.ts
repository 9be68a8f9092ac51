// What is missing from a folder, in the way there, or not of it.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { folderReader, verifyLog, verifyRoot } from '../../src/verify/index.js'
import {
  logFiles,
  makeLine,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const plan = { ...planOf(signer, 300, [100, 300]), rolls: [200] }
const keys = [signer.vkey]
const kindsOf = async (dir: string) => {
  const { problems, notes } = await verifyLog(folderReader(dir), { keys })
  return { problems: problems.map(({ kind }) => kind), notes: notes.map(({ kind }) => kind) }
}
const without = (path: string) => {
  const dir = writeLog(logFiles(plan))
  rmSync(join(dir, path), { recursive: true })
  return dir
}

test.each(['', 'garbage', '\n', 'x'.repeat(200_000)])(
  'a checkpoint that holds something else is unreadable',
  async (text) => {
    const dir = writeLog(logFiles(plan))
    writeFileSync(join(dir, 'checkpoint'), text)
    expect((await kindsOf(dir)).problems).toEqual(['unreadable'])
  },
)

test('what is missing and can be done without is noted', async () => {
  expect(await kindsOf(without('checkpoint'))).toEqual({ problems: [], notes: ['checkpoint_missing'] })
  expect(await kindsOf(without('tile'))).toEqual({ problems: [], notes: ['tiles_missing'] })
  expect(await kindsOf(without('log.vkey'))).toEqual({ problems: [], notes: ['vkey_missing'] })
  const emptied = without('tile')
  mkdirSync(join(emptied, 'tile', '0', '000.p'), { recursive: true })
  expect(await kindsOf(emptied)).toEqual({ problems: [], notes: ['tiles_missing'] })
})

test('a file among the segments that is none is noted; a temporary one is not', async () => {
  const dir = writeLog(logFiles(plan))
  writeFileSync(join(dir, 'seg', `${'0'.repeat(20)}.jsonl.tmp`), '')
  expect(await kindsOf(dir)).toEqual({ problems: [], notes: [] })
  writeFileSync(join(dir, 'seg', 'x.jsonl'), makeLine(0))
  expect(await kindsOf(dir)).toEqual({ problems: [], notes: ['stray_file'] })
})

const things: [string, (path: string) => void][] = [
  ['a pipe', (path) => void execFileSync('mkfifo', [path])],
  ['a folder', (path) => void mkdirSync(path)],
  ['a link to itself', (path) => symlinkSync(path, path)],
]
const files = ['checkpoint', 'checkpoints.log', 'log.vkey', segmentPath(200), 'tile/0/000', 'tile/1/000.p/1']
test
  .skipIf(process.platform === 'win32')
  .each(things.flatMap(([name, make]) => files.map((file) => [name, file, make] as const)))(
  '%s in place of %s is unreadable, and nothing waits for it',
  async (_name, file, make) => {
    const dir = without(file)
    make(join(dir, file))
    const { problems } = await verifyLog(folderReader(dir), { keys })
    expect(problems).toContainEqual({
      kind: 'unreadable',
      index: 0,
      detail: `${file} is no file, so it was not read`,
    })
  },
)

test.skipIf(process.platform === 'win32')('a socket in place of a file is unreadable', async () => {
  const dir = without('checkpoint')
  const server = createServer().listen(join(dir, 'checkpoint'))
  await new Promise((resolve) => server.once('listening', resolve))
  expect((await kindsOf(dir)).problems).toEqual(['unreadable'])
  server.close()
})

test('two folders of one root that say they are the same log are forked; a renamed folder is fine', async () => {
  const root = tempDir()
  writeLog(logFiles(planOf(signer, 3)), join(root, 'shop-0'))
  writeLog(logFiles(planOf(renamed(signer, 'shop/99/shop-1'), 3)), join(root, 'shop-1'))
  renameSync(join(root, 'shop-1'), join(root, 'elsewhere'))
  symlinkSync('shop-0', join(root, 'link'))
  expect(await verifyRoot(root)).toMatchObject({ ok: true })
  cpSync(join(root, 'shop-0'), join(root, 'shop-7'), { recursive: true })
  const { ok, logs } = await verifyRoot(root)
  const forked = logs.filter(({ problems }) => problems.some(({ kind }) => kind === 'forked'))
  expect({ ok, forked: forked.map(({ problems }) => problems[0]!.detail) }).toEqual({
    ok: false,
    forked: Array(3).fill('shop-0 and shop-7 both say that they are the log shop/7f3a/shop-0'),
  })
})

const recovered = (to: number) => makeLine(to, { event: 'audit.recovered', data: { from: 0, to } })
test('a log that was signed anew from its beginning is rolled back', async () => {
  const old = planOf(signer, 6)
  old.lines[4] = makeLine(4, { time: '2026-11-23T09:00:30.000Z' })
  old.lines[5] = recovered(5)
  const twice = planOf(signer, 6)
  twice.lines[0] = makeLine(0, { event: 'audit.started' })
  twice.lines[3] = makeLine(3, { event: 'audit.started' })
  twice.lines[5] = recovered(5)
  for (const plan of [old, twice]) {
    const { problems } = await verifyLog(folderReader(writeLog(logFiles(plan))))
    expect(problems).toEqual([
      {
        kind: 'rolled_back',
        from: 0,
        to: 5,
        detail: 'the log was signed anew from its beginning: its checkpoints had been removed',
      },
    ])
  }
})

test('a log that crashed in its first moments is not', async () => {
  const plan = planOf(signer, 6)
  plan.lines[0] = makeLine(0, { event: 'audit.started' })
  plan.lines[5] = recovered(5)
  expect(await kindsOf(writeLog(logFiles(plan)))).toEqual({ problems: [], notes: ['recovered'] })
})
