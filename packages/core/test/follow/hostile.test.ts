// Reading a log in which somebody has put what no log holds: it ends, and the memory stays.
import { execFileSync } from 'node:child_process'
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { followLog, lastLines, readLog } from '../../src/follow/index.js'
import { logFiles, makeSigner, planOf, removeTempDirs, segmentPath, writeLog } from '../verify/fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const unreadable = { code: 'TRAILPROOF_LOG_UNREADABLE' }
const HUGE = 3_300_000_000 // more than a Buffer held in older releases of Node

/** Ten lines, and then nothing but NUL: a sparse file, which takes no room. */
function sparse(signed = 10): string {
  const files = logFiles(planOf(signer, 10, [signed]))
  const dir = writeLog(files)
  truncateSync(join(dir, segmentPath(0)), HUGE)
  return dir
}
const take = async (lines: AsyncIterable<{ index: number }>) => {
  const got: number[] = []
  for await (const { index } of lines) got.push(index)
  return got
}

test('the last lines before a huge hole are found', async () => {
  const before = process.memoryUsage().rss
  expect(await lastLines(sparse(), 3)).toHaveLength(3)
  expect(process.memoryUsage().rss - before).toBeLessThan(60e6)
})

test('a line that is longer than any record ends reading with an error of ours', async () => {
  await expect(take(readLog(sparse()))).rejects.toMatchObject(unreadable)
  const long = { ...planOf(signer, 2), lines: [`"${'x'.repeat(600_000)}"`, planOf(signer, 2).lines[1]!] }
  const dir = writeLog(logFiles(long))
  await expect(take(followLog(dir))).rejects.toMatchObject(unreadable)
  await expect(lastLines(dir, 2)).rejects.toMatchObject(unreadable)
  expect(await lastLines(dir, 1)).toHaveLength(1)
})

test.skipIf(process.platform === 'win32')('a pipe in place of a segment is not waited for', async () => {
  const dir = writeLog(logFiles(planOf(signer, 3)))
  rmSync(join(dir, segmentPath(0)))
  execFileSync('mkfifo', [join(dir, segmentPath(0))])
  await expect(take(followLog(dir))).rejects.toMatchObject(unreadable)
  await expect(lastLines(dir, 2)).rejects.toMatchObject(unreadable)
})
