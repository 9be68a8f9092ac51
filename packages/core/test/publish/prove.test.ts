import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { checkProof, proveRecord } from '../../src/publish/index.js'
import { LinePlaces } from '../../src/publish/line-places.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeSigner,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  treeRoot,
  writeLog,
} from '../verify/fixture.js'
import { signedPlan, signer } from './support.js'

afterAll(removeTempDirs)

const keys = [signer.vkey]

test.each([1, 2, 3, 255, 256, 257, 600])('any record of %d is proved to whoever has it and the key', async (n) => {
  const plan = signedPlan(n)
  const dir = writeLog(logFiles(plan))
  const root = treeRoot(plan.lines.map(leafOf)).toString('base64')
  for (const index of new Set([0, 1, Math.floor(n / 2), n - 1].filter((i) => i < n))) {
    const { text, line, ...facts } = await proveRecord(dir, index)
    expect(facts).toEqual({ origin: signer.origin, index, size: n })
    expect(Buffer.from(line).toString()).toBe(plan.lines[index])
    expect(text).toMatch(new RegExp(`^c2sp.org/tlog-proof@v1\nindex ${index}\n`))
    expect(await checkProof({ proof: text, record: line, keys })).toEqual({
      ok: true,
      origin: signer.origin,
      index,
      size: n,
      root,
      originPinned: true,
    })
  }
})

test('a proof is made from the lines where the tiles are missing, altered or of another log', async () => {
  const plan = signedPlan(600)
  const damages: ((dir: string) => void)[] = [
    (dir) => rmSync(join(dir, 'tile'), { recursive: true }),
    (dir) => rmSync(join(dir, 'tile/0/000')),
    (dir) => {
      const bytes = readFileSync(join(dir, 'tile/0/000'))
      bytes[40]! ^= 1
      writeFileSync(join(dir, 'tile/0/000'), bytes)
    },
    (dir) => writeFileSync(join(dir, 'tile/1/000.p/2'), Buffer.alloc(64, 7)),
    (dir) => writeFileSync(join(dir, 'tile/1/000.p/2'), 'short'),
  ]
  for (const damage of damages) {
    const dir = writeLog(logFiles(plan))
    damage(dir)
    for (const index of [0, 300, 599]) {
      const { text, line } = await proveRecord(dir, index)
      expect(await checkProof({ proof: text, record: line, keys })).toMatchObject({ ok: true, index })
    }
  }
})

test('what the log does not hold as it was signed is not proved', async () => {
  const plan = signedPlan(300)
  plan.lines[123] = makeLine(123, { event: 'login.succeeded' })
  const files = logFiles(signedPlan(300))
  files.set(segmentPath(0), plan.lines.map((line) => `${line}\n`).join(''))
  const dir = writeLog(files)
  await expect(proveRecord(dir, 123)).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_CORRUPT', index: 123 })
  // The tiles still are the signed ones, so the others can be proved.
  const { text, line } = await proveRecord(dir, 124)
  expect(await checkProof({ proof: text, record: line, keys })).toMatchObject({ ok: true })
})

test.each([300, 301, 2 ** 40, Number.MAX_SAFE_INTEGER, -1, 1.5, Number.NaN])(
  'index %d of 300 is told to be uncovered',
  async (index) => {
    const files = logFiles(signedPlan(300))
    files.set(segmentPath(0), `${files.get(segmentPath(0))}${makeLine(300)}\n`) // durable, and not signed yet
    await expect(proveRecord(writeLog(files), index)).rejects.toMatchObject({
      code: 'TRAILPROOF_OPTION_INVALID',
      hint: 'the newest covers the records 0 to 299',
    })
  },
)

test('a log that another key signed is not proved from when the key is given', async () => {
  const dir = writeLog(logFiles({ ...signedPlan(10), signer: renamed(makeSigner(), signer.origin) }))
  await expect(proveRecord(dir, 0, { keys })).rejects.toMatchObject({ code: 'TRAILPROOF_CHECKPOINT_CORRUPT' })
})

test('what is wrong with a proof is said', async () => {
  const { text, line } = await proveRecord(writeLog(logFiles(signedPlan(300))), 123)
  const other = makeLine(123, { event: 'login.succeeded' })
  const lines = text.split('\n')
  const swapped = [...lines.slice(0, 2), lines[3], lines[2], ...lines.slice(4)].join('\n')
  const signature = text.replace(/(— \S+ .{20}).{4}/, '$1AAAA')
  const cases: [string, { proof?: string; record?: string; key?: string }, string][] = [
    ['another record', { record: other }, 'not_included'],
    ['the record with its line end', { record: `${Buffer.from(line)}\n` }, 'not_included'],
    ['nothing', { record: '' }, 'not_included'],
    ['another index', { proof: text.replace('index 123', 'index 124') }, 'not_included'],
    ['an index past the checkpoint', { proof: text.replace('index 123', 'index 300') }, 'not_included'],
    ['the path in another order', { proof: swapped }, 'not_included'],
    ['a hash less', { proof: [...lines.slice(0, 2), ...lines.slice(3)].join('\n') }, 'not_included'],
    ['another key of the same name', { key: renamed(makeSigner(), signer.origin).vkey }, 'wrong_key'],
    ['another bare key', { key: makeSigner().bare }, 'wrong_key'],
    ['the key of another log', { key: makeSigner('shop/other').vkey }, 'wrong_origin'],
    ['the same key under another name', { key: renamed(signer, 'shop/other').vkey }, 'wrong_origin'],
    ['an altered signature', { proof: signature }, 'bad_signature'],
    ['an altered size', { proof: text.replace('\n300\n', '\n301\n') }, 'bad_signature'],
    ['an empty file', { proof: '' }, 'malformed'],
    ['something else', { proof: 'dear friend\n\nyours\n' }, 'malformed'],
    ['a checkpoint alone', { proof: text.slice(text.indexOf('\n\n') + 2) }, 'malformed'],
    ['a cut end', { proof: text.slice(0, -10) }, 'malformed'],
    ['Windows line ends', { proof: text.replaceAll('\n', '\r\n') }, 'malformed'],
    ['a note that is no checkpoint', { proof: text.replace('\n300\n', '\nmany\n') }, 'malformed'],
    ['a hundred hashes', { proof: text.replace('\n\n', `\n${`${lines[2]}\n`.repeat(100)}\n`) }, 'malformed'],
  ]
  for (const [what, { proof = text, record, key = signer.vkey }, kind] of cases) {
    const bytes = record === undefined ? line : Buffer.from(record)
    const report = await checkProof({ proof, record: bytes, keys: [key] })
    expect({ what, ...report }).toMatchObject({ what, ok: false, problem: { kind, detail: expect.any(String) } })
  }
})

test('a bare key proves too, and the report says that it names no log', async () => {
  const { text, line } = await proveRecord(writeLog(logFiles(signedPlan(5))), 3)
  expect(await checkProof({ proof: text, record: line, keys: [signer.bare] })).toMatchObject({
    ok: true,
    originPinned: false,
  })
  for (const wrong of [[], [''], ['nonsense']])
    await expect(checkProof({ proof: text, record: line, keys: wrong })).rejects.toMatchObject({
      code: 'TRAILPROOF_KEY_INVALID',
    })
})

test('one changed character anywhere in a proof never proves another record', async () => {
  const { text, line } = await proveRecord(writeLog(logFiles(signedPlan(300))), 123)
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), async (at, char) => {
      const proof = text.slice(0, at) + char + text.slice(at + 1)
      const report = await checkProof({ proof, record: line, keys })
      if (report.ok) expect(report).toMatchObject({ index: 123, size: 300 })
      if (report.ok) expect(proof).toBe(text)
    }),
    { numRuns: effort(300, 20_000) },
  )
}, 300_000)

test('lines are found by index, whatever the segments and in whatever order one asks', async () => {
  const lines = Array.from({ length: 2000 }, (_, i) => makeLine(i, { reason: 'x'.repeat((i * 7919) % 400) }))
  const place = fc.nat(1999)
  await fc.assert(
    fc.asyncProperty(
      fc.array(place, { maxLength: 4 }),
      fc.array(place, { minLength: 1, maxLength: 8 }),
      async (cuts, asked) => {
        const rolls = [...new Set(cuts)].filter((at) => at > 0).sort((a, b) => a - b)
        const plan = { ...signedPlan(0), lines, rolls, signed: [], tiles: false }
        const dir = writeLog(logFiles(plan), join(tempDir(), 'shop-0'))
        const places = new LinePlaces(dir)
        for (const from of asked) {
          const to = Math.min(2000, from + 1 + (from % 256))
          expect((await places.read(from, to))?.map((line) => Buffer.from(line).toString())).toEqual(
            lines.slice(from, to),
          )
        }
        expect(await places.read(1990, 2001)).toBeUndefined()
      },
    ),
    { numRuns: effort(15, 500) },
  )
}, 300_000)

test('lines of a segment that was replaced, or cut, are not taken from what was remembered', async () => {
  const dir = writeLog(logFiles(signedPlan(600)))
  const places = new LinePlaces(dir)
  expect(await places.read(512, 600)).toHaveLength(88)
  const anew = signedPlan(600).lines.map((line) => `${line.replace('"c', '"longer')}\n`)
  rmSync(join(dir, segmentPath(0)))
  writeFileSync(join(dir, segmentPath(0)), anew.join(''))
  expect((await places.read(512, 513))?.map((line) => `${Buffer.from(line)}\n`)).toEqual([anew[512]])
  writeFileSync(join(dir, segmentPath(0)), anew.slice(0, 300).join(''))
  expect(await places.read(512, 513)).toBeUndefined()
  expect(await places.read(299, 300)).toHaveLength(1)
})
