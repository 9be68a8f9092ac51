// Several threads give the very report that one gives, whatever was done to the log. Threads need the built package: Node
// 20 runs no TypeScript.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build } from '../../../../test/crash/build.js'
import { effort } from '../../../../test/effort.js'
import type { Chunk, Reader, VerifyOptions } from '../../src/verify/index.js'
import { logFiles, makeSigner, planOf, removeTempDirs, segmentPath, writeLog } from './fixture.js'

type Core = typeof import('../../src/index.js')
let core: Core
const started: unknown[] = []
const onWorker = (worker: unknown) => void started.push(worker)

beforeAll(async () => {
  build()
  core = (await import('../../dist/esm/index.js' as string)) as Core
  process.on('worker', onWorker)
}, 300_000)
afterAll(() => {
  process.off('worker', onWorker)
  removeTempDirs()
})

const signer = makeSigner()

interface Edit {
  kind: 'byte' | 'remove' | 'double' | 'swap' | 'cut' | 'nul' | 'no-json' | 'seq'
  at: number
  other: number
  flip: number
}

const anEdit = fc.record<Edit>({
  kind: fc.constantFrom('byte', 'remove', 'double', 'swap', 'cut', 'nul', 'no-json', 'seq'),
  at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  other: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  flip: fc.integer({ min: 1, max: 255 }),
})

const aCase = fc.record({
  n: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 500, max: 1400 })),
  signed: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
  rolls: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 2 }),
  tiles: fc.constantFrom('all', 'some', 'none'),
  edits: fc.array(anEdit, { maxLength: 3 }),
  /** Lines that were written to the end of a segment and again to the next one. */
  leftover: fc.integer({ min: 0, max: 3 }),
  torn: fc.constantFrom('', '{"v":1,"seq":', '\0\0\0', 'x'),
  linesAtOnce: fc.integer({ min: 1, max: 700 }),
  threads: fc.integer({ min: 2, max: 4 }),
})
type Case = typeof aCase extends fc.Arbitrary<infer T> ? T : never

function tamperedLog({ n, signed, rolls, tiles, edits, leftover, torn }: Case): string {
  const sizes = [...new Set([...signed.map((part) => Math.floor(part * n)), n])].sort((a, b) => a - b)
  const starts = [...new Set(rolls.map((part) => Math.floor(part * n)))].filter((at) => at > 0).sort((a, b) => a - b)
  const files = logFiles({ ...planOf(signer, n, sizes), rolls: starts })
  if (tiles !== 'all')
    for (const path of [...files.keys()])
      if (path.startsWith('tile/') && (tiles === 'none' || path.startsWith('tile/1'))) files.delete(path)
  for (const edit of edits) {
    const segments = [0, ...starts]
    const path = segmentPath(segments[Math.floor(edit.other * segments.length)]!)
    files.set(path, edited(files.get(path)!, edit))
  }
  const [next] = starts
  if (next !== undefined && leftover > 0) {
    const again = files.get(segmentPath(next))!.toString().split('\n').slice(0, leftover).join('\n')
    files.set(segmentPath(0), `${files.get(segmentPath(0))}${again}\n`)
  }
  const last = segmentPath(starts.at(-1) ?? 0)
  files.set(last, Buffer.concat([Buffer.from(files.get(last)!), Buffer.from(torn)]))
  return writeLog(files)
}

function edited(segment: string | Buffer, { kind, at, other, flip }: Edit): Buffer {
  const bytes = Buffer.from(segment)
  if (bytes.length === 0) return bytes
  if (kind === 'byte') bytes[Math.floor(at * bytes.length)]! ^= flip
  if (kind === 'nul')
    bytes
      .subarray(Math.floor(at * bytes.length))
      .subarray(0, flip)
      .fill(0)
  if (kind === 'byte' || kind === 'nul') return bytes
  const lines = bytes.toString('latin1').split('\n').slice(0, -1)
  const [here, there] = [Math.floor(at * lines.length), Math.floor(other * lines.length)]
  const line = lines[here]!
  if (kind === 'remove') lines.splice(here, 1)
  if (kind === 'double') lines.splice(here, 0, lines[there]!)
  if (kind === 'swap') [lines[here], lines[there]] = [lines[there]!, line]
  if (kind === 'cut') lines.splice(here)
  if (kind === 'no-json') lines[here] = line.slice(0, -1)
  if (kind === 'seq') lines[here] = line.replace(/"seq":\d+/, `"seq":${flip}`)
  return Buffer.from(lines.map((text) => `${text}\n`).join(''), 'latin1')
}

/** The same log in smaller pieces, so that there is something to share out. */
function inPieces(reader: Reader, lines: number): Reader {
  return {
    ...reader,
    async *read(from) {
      for await (const chunk of reader.read(from)) yield* pieces(chunk, lines)
    },
  }
}

function* pieces({ first, bytes, ends, rest, ...more }: Chunk, lines: number): Iterable<Chunk> {
  for (let k = 0; k === 0 || k < ends.length; k += lines) {
    const start = k > 0 ? ends[k - 1]! + 1 : 0
    const some = ends.slice(k, k + lines)
    const end = (some.at(-1) ?? start - 1) + 1
    const last = k + lines >= ends.length
    yield {
      ...more,
      first: first + k,
      bytes: bytes.subarray(start, end),
      ends: some.map((at) => at - start),
      ...(last && rest && { rest }),
    }
  }
}

test('for random logs and tamperings the report of several threads equals that of one', async () => {
  const found = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(aCase, async (plan) => {
      const dir = tamperedLog(plan)
      const reader = inPieces(core.folderReader(dir), plan.linesAtOnce)
      const verify = (more: VerifyOptions) => core.verifyLog(reader, { keys: [signer.vkey], ...more })
      const one = await verify({ threads: 1 })
      expect(await verify({ threads: plan.threads })).toEqual(one)
      for (const { kind } of one.problems) found.set(kind, (found.get(kind) ?? 0) + 1)
      rmSync(join(dir, '..'), { recursive: true, force: true })
    }),
    { numRuns: effort(60, 2000) },
  )
  expect(found.size).toBeGreaterThan(3) // the cases are about something
  expect(started.length).toBeGreaterThan(0) // and threads took part
}, 600_000)

test('a record changed in the middle of a large piece is named by its index, on two threads too', async () => {
  const files = logFiles(planOf(signer, 3000))
  const seg = files.get(segmentPath(0))!.toString().replace('"claimed":"c1500"', '"claimed":"c1501"')
  files.set(segmentPath(0), seg)
  const { problems } = await core.verifyLog(core.folderReader(writeLog(files)), { threads: 2 })
  expect(problems).toEqual([{ kind: 'altered', index: 1500, detail: 'record 1500 was changed' }])
})

test('threads end with the verification, also when its reader fails', async () => {
  started.length = 0
  const whole = inPieces(core.folderReader(writeLog(logFiles(planOf(signer, 900)))), 100)
  const failing: Reader = {
    ...whole,
    async *read(from) {
      let pieces = 0
      for await (const chunk of whole.read(from)) {
        if (pieces++ === 4) throw new Error('the disk is gone')
        yield chunk
      }
    },
  }
  await expect(core.verifyLog(failing, { threads: 3 })).rejects.toThrow('the disk is gone')
  expect(started).toHaveLength(2)
  // A terminated worker has no thread any more.
  expect(started.map((worker) => (worker as { threadId: number }).threadId)).toEqual([-1, -1])
})

test('a thread that dies is no loss: what it had is worked out by the others', async () => {
  const files = logFiles(planOf(signer, 2000))
  files.set(segmentPath(0), files.get(segmentPath(0))!.toString().replace('"claimed":"c700"', '"claimed":"c7oo"'))
  const reader = inPieces(core.folderReader(writeLog(files)), 50)
  const one = await core.verifyLog(reader, { threads: 1 })
  const kill = (worker: unknown) => void (worker as { terminate(): Promise<number> }).terminate()
  process.on('worker', kill)
  try {
    expect(await core.verifyLog(reader, { threads: 2 })).toEqual(one)
  } finally {
    process.off('worker', kill)
  }
  expect(one.problems).toMatchObject([{ kind: 'altered', index: 700 }])
})

test.each([0, 65, 1.5, '2'])('threads: %s is refused by name', async (threads) => {
  const reader = core.folderReader(writeLog(logFiles(planOf(signer, 1))))
  await expect(core.verifyLog(reader, { threads: threads as number })).rejects.toMatchObject({
    code: 'TRAILPROOF_OPTION_INVALID',
  })
})
