import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { followLog, lastLines, readLog } from '../../src/follow/index.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeNote,
  makeSigner,
  planOf,
  removeTempDirs,
  segmentPath,
  tempDir,
  writeLog,
} from '../verify/fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const lines = planOf(signer, 40).lines
const seqOf = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()).seq as number

/** A log that grows by hand, in the order in which the writer does it: lines, then a checkpoint over them. */
function growingLog() {
  const dir = join(tempDir(), 'shop-0')
  mkdirSync(join(dir, 'seg'), { recursive: true })
  let segment = 0
  return {
    dir,
    roll: (first: number) => {
      segment = first
    },
    put: (from: number, to: number, torn = '') =>
      appendFileSync(
        join(dir, segmentPath(segment)),
        lines
          .slice(from, to)
          .map((line) => `${line}\n`)
          .join('') + torn,
      ),
    raw: (text: string) => appendFileSync(join(dir, segmentPath(segment)), text),
    sign: (size: number) =>
      appendFileSync(join(dir, 'checkpoints.log'), makeNote(signer, lines.slice(0, size).map(leafOf))),
  }
}

/** Follows in the background and collects; `until(n)` waits for n lines in all. */
function collect(dir: string, options = {}) {
  const stop = new AbortController()
  const got: number[] = []
  const done = (async () => {
    for await (const { index, bytes } of followLog(dir, { pollMs: 5, signal: stop.signal, ...options })) {
      expect(Buffer.from(bytes).toString()).toBe(lines[index])
      got.push(index)
    }
  })()
  return {
    got,
    until: async (n: number) => {
      for (let i = 0; i < 1000 && got.length < n; i++) await sleep(5)
    },
    end: async () => {
      stop.abort()
      await done
    },
  }
}
const upTo = (n: number, from = 0) => Array.from({ length: n - from }, (_, i) => i + from)

test('lines come in order, once, as checkpoints cover them', async () => {
  const log = growingLog()
  const reader = collect(log.dir)
  log.put(0, 3)
  await sleep(40)
  expect(reader.got).toEqual([]) // on disk, but nobody has said yet that they are durable
  log.sign(2)
  await reader.until(2)
  await sleep(20)
  expect(reader.got).toEqual([0, 1])
  log.sign(3)
  log.put(3, 10)
  log.sign(10)
  await reader.until(10)
  await reader.end()
  expect(reader.got).toEqual(upTo(10))
})

test('begins where it is told', async () => {
  const log = growingLog()
  log.put(0, 10)
  log.sign(10)
  const reader = collect(log.dir, { from: 7 })
  await reader.until(3)
  await reader.end()
  expect(reader.got).toEqual([7, 8, 9])
})

test('goes on over new segments, and takes superseded lines from the later one only', async () => {
  const log = growingLog()
  const reader = collect(log.dir)
  log.put(0, 5)
  log.sign(5)
  await reader.until(5)
  log.raw(`${makeLine(5, { event: 'never.acknowledged' })}\n{"v":1,"se`) // a write that failed
  log.roll(5)
  log.put(5, 12)
  log.sign(12)
  await reader.until(12)
  log.roll(12)
  log.put(12, 20)
  log.sign(20)
  await reader.until(20)
  await reader.end()
  expect(reader.got).toEqual(upTo(20))
})

test('a reader that comes late passes superseded lines by, too', async () => {
  const files = logFiles({ ...planOf(signer, 12), rolls: [5] })
  files.set(segmentPath(0), `${files.get(segmentPath(0))}${makeLine(5, { event: 'never.acknowledged' })}\n`)
  const dir = writeLog(files)
  const reader = collect(dir)
  await reader.until(12)
  await reader.end()
  const read: string[] = []
  for await (const { bytes } of readLog(dir)) read.push(Buffer.from(bytes).toString())
  expect({ followed: reader.got, read }).toEqual({ followed: upTo(12), read: lines.slice(0, 12) })
})

test('half a line, or half a checkpoint, waits for its other half', async () => {
  const log = growingLog()
  const reader = collect(log.dir)
  log.put(0, 4, lines[4]!.slice(0, 30))
  log.sign(4)
  await reader.until(4)
  const note = makeNote(signer, lines.slice(0, 5).map(leafOf))
  log.raw(`${lines[4]!.slice(30)}\n`)
  appendFileSync(join(log.dir, 'checkpoints.log'), note.slice(0, -20))
  await sleep(40)
  expect(reader.got).toEqual(upTo(4))
  appendFileSync(join(log.dir, 'checkpoints.log'), note.slice(-20))
  await reader.until(5)
  await reader.end()
  expect(reader.got).toEqual(upTo(5))
})

test('whoever stops in the middle has lost nothing: the next reader begins there', async () => {
  const log = growingLog()
  log.put(0, 20)
  log.sign(20)
  const first: number[] = []
  for await (const { index } of followLog(log.dir)) {
    first.push(index)
    if (index === 6) break
  }
  const reader = collect(log.dir, { from: 7 })
  await reader.until(13)
  await reader.end()
  expect([...first, ...reader.got]).toEqual(upTo(20))
})

test('lines that retention removed are stepped over', async () => {
  const dir = writeLog(logFiles({ ...planOf(signer, 40), rolls: [10, 25] }))
  rmSync(join(dir, segmentPath(0)))
  const reader = collect(dir)
  await reader.until(30)
  await reader.end()
  expect(reader.got).toEqual(upTo(40, 10))
})

test('an iteration that is told to stop before it began yields nothing', async () => {
  const log = growingLog()
  log.put(0, 3)
  log.sign(3)
  const reader = collect(log.dir, { signal: AbortSignal.abort() })
  await reader.end()
  expect(reader.got).toEqual([])
})

test('readLog gives every whole line, signed or not, and never half a one', async () => {
  const files = logFiles({ ...planOf(signer, 10, [4]), rolls: [6] })
  files.set(segmentPath(6), `${files.get(segmentPath(6))}${lines[10]!.slice(0, 20)}`)
  const got: number[] = []
  for await (const { index } of readLog(writeLog(files))) got.push(index)
  expect(got).toEqual(upTo(10))
})

test('there must be a log', async () => {
  await expect(followLog('/nowhere').next()).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_NOT_FOUND' })
  await expect(readLog(tempDir()).next()).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_NOT_FOUND' })
})

test('the last lines are found from the end, over segments, without those that were superseded', async () => {
  const files = logFiles({ ...planOf(signer, 40), rolls: [10, 37] })
  files.set(segmentPath(10), `${files.get(segmentPath(10))}${makeLine(37, { event: 'x' })}\n`)
  files.set(segmentPath(37), `${files.get(segmentPath(37))}${makeLine(40).slice(0, 9)}`)
  const dir = writeLog(files)
  expect((await lastLines(dir, 5)).map(seqOf)).toEqual([35, 36, 37, 38, 39])
  expect((await lastLines(dir, 100)).map(seqOf)).toEqual(upTo(40))
  expect(await lastLines(dir, 0)).toEqual([])
})

test('the last lines of a segment longer than what is read at once are whole', async () => {
  const long = Array.from({ length: 30 }, (_, seq) => makeLine(seq, { data: { text: 'x'.repeat(20_000) } }))
  const dir = tempDir()
  mkdirSync(join(dir, 'seg'))
  writeFileSync(join(dir, segmentPath(0)), long.map((line) => `${line}\n`).join(''))
  for (let n = 1; n <= 12; n++)
    expect((await lastLines(dir, n)).map((line) => Buffer.from(line).toString())).toEqual(long.slice(-n))
})
