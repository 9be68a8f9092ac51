import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { exportTiles } from '../../src/publish/index.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeNote,
  makeSigner,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  treeRoot,
  writeLog,
} from '../verify/fixture.js'
import { expectedFiles, filesIn, signedPlan, signer } from './support.js'

afterAll(removeTempDirs)

const tilesDir = () => join(tempDir(), 'tiles')

async function exported(n: number): Promise<{ log: string; out: string }> {
  const log = writeLog(logFiles(signedPlan(n)))
  const out = tilesDir()
  await exportTiles(log, out)
  return { log, out }
}

test.each([1, 2, 255, 256, 257, 511, 512, 513])(
  'a log of %d records becomes the files that C2SP tlog-tiles names',
  async (n) => {
    const log = writeLog(logFiles(signedPlan(n)))
    const out = tilesDir()
    const made = await exportTiles(log, out)
    const files = expectedFiles(signedPlan(n))
    expect(filesIn(out)).toEqual(files)
    expect(made).toEqual({
      origin: signer.origin,
      size: n,
      root: treeRoot(signedPlan(n).lines.map(leafOf)).toString('base64'),
      before: 0,
      written: Object.keys(files).length - 2,
      trust: 'self',
    })
  },
)

test('tiles are the same whatever segments, exports and checkpoints the records came in', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.nat(), { maxLength: 4 }), async (steps, cuts) => {
      const out = tilesDir()
      const dir = join(tempDir(), 'shop-0')
      let size = 0
      for (const step of steps) {
        size += step
        const rolls = [...new Set(cuts.map((cut) => 1 + (cut % size)).filter((at) => at < size))].sort((a, b) => a - b)
        rmSync(dir, { recursive: true, force: true })
        writeLog(logFiles(signedPlan(size, { rolls, tiles: false })), dir)
        const { written } = await exportTiles(dir, out)
        expect(written).toBeGreaterThan(0)
        expect((await exportTiles(dir, out)).written).toBe(0)
      }
      expect(filesIn(out)).toMatchObject(expectedFiles(signedPlan(size)))
    }),
    { numRuns: effort(10, 500) },
  )
}, 600_000)

test('exporting a longer log adds to the folder, and drops partial tiles once the full ones are there', async () => {
  const out = tilesDir()
  await exportTiles(writeLog(logFiles(signedPlan(200))), out)
  const made = await exportTiles(writeLog(logFiles(signedPlan(300))), out)
  expect(made).toMatchObject({ before: 200, size: 300 })
  expect(filesIn(out)).toEqual(expectedFiles(signedPlan(300)))
  await exportTiles(writeLog(logFiles(signedPlan(310))), out)
  expect(Object.keys(filesIn(out))).toEqual(expect.arrayContaining(['tile/0/001.p/44', 'tile/0/001.p/54']))
})

test('what is above the newest checkpoint, or was superseded, is not exported', async () => {
  const files = logFiles(signedPlan(20, { rolls: [10] }))
  files.set(segmentPath(0), `${files.get(segmentPath(0))}${makeLine(10, { event: 'superseded' })}\n`)
  files.set(segmentPath(10), `${files.get(segmentPath(10))}${makeLine(20)}\n${makeLine(21).slice(0, 9)}`)
  const out = tilesDir()
  await exportTiles(writeLog(files), out)
  expect(filesIn(out)).toEqual(expectedFiles(signedPlan(20)))
})

test('a record of the greatest length is exported, and one that no bundle could hold is refused', async () => {
  const longest = makeLine(3, { reason: 'x'.repeat(65_535 - makeLine(3, { reason: '' }).length) })
  const plan = signedPlan(300)
  plan.lines[3] = longest
  const out = tilesDir()
  await exportTiles(writeLog(logFiles(plan)), out)
  expect(filesIn(out)).toEqual(expectedFiles(plan))
  plan.lines[3] = longest.replace('xx', 'xxx')
  await expect(exportTiles(writeLog(logFiles(plan)), tilesDir())).rejects.toMatchObject({
    code: 'TRAILPROOF_LOG_CORRUPT',
    index: 3,
  })
})

type Damage = (files: Map<string, string | Buffer>) => void
const edit =
  (path: string, change: (text: string) => string): Damage =>
  (files) =>
    void files.set(path, change(String(files.get(path))))
const seg = segmentPath(0)

test.each<[string, Damage, string]>([
  ['one changed record', edit(seg, (text) => text.replace('"c123"', '"c124"')), 'TRAILPROOF_LOG_CORRUPT'],
  ['a record less', edit(seg, (text) => text.replace(`${makeLine(123)}\n`, '')), 'TRAILPROOF_LOG_CORRUPT'],
  [
    'a record more',
    edit(seg, (text) => text.replace(`${makeLine(123)}\n`, `${makeLine(123)}\n`.repeat(2))),
    'TRAILPROOF_LOG_CORRUPT',
  ],
  ['a cut tail', edit(seg, (text) => text.slice(0, -20)), 'TRAILPROOF_LOG_CORRUPT'],
  ['no records', (files) => files.delete(seg), 'TRAILPROOF_LOG_CORRUPT'],
  ['NUL in a record', edit(seg, (text) => text.replace('"c123"', '"c\u000023"')), 'TRAILPROOF_LOG_CORRUPT'],
  [
    'another size in the checkpoint',
    edit('checkpoint', (text) => text.replace('\n300\n', '\n299\n')),
    'TRAILPROOF_CHECKPOINT_CORRUPT',
  ],
  [
    'a checkpoint of another log',
    (files) => files.set('checkpoint', makeNote(makeSigner('other'), [leafOf('x')])),
    'TRAILPROOF_CHECKPOINT_CORRUPT',
  ],
  ['no checkpoint', (files) => files.delete('checkpoint'), 'TRAILPROOF_CHECKPOINT_CORRUPT'],
  ['no key', (files) => files.delete('log.vkey'), 'TRAILPROOF_KEY_MISSING'],
])('a log with %s is not exported, and what was exported before stays as it was', async (_, damage, code) => {
  const files = logFiles(signedPlan(300))
  damage(files)
  const log = writeLog(files)
  const fresh = tilesDir()
  await expect(exportTiles(log, fresh)).rejects.toMatchObject({ code })
  expect(filesIn(fresh)).toEqual({})
  const { out } = await exported(200)
  const before = filesIn(out)
  await expect(exportTiles(log, out)).rejects.toMatchObject({ code })
  expect(filesIn(out)).toEqual(before)
  expect(readdirSync(out).sort()).toEqual(['checkpoint', 'log.vkey', 'tile'])
})

test('with the key given, a log that was signed anew by another one is refused, and trust says whose word it is', async () => {
  const thief = renamed(makeSigner(), signer.origin)
  const plan = { ...signedPlan(10), signer: thief }
  await expect(exportTiles(writeLog(logFiles(plan)), tilesDir(), { keys: [signer.vkey] })).rejects.toMatchObject({
    code: 'TRAILPROOF_CHECKPOINT_CORRUPT',
  })
  for (const key of [signer.vkey, signer.bare, signer.pem]) {
    const out = tilesDir()
    expect(await exportTiles(writeLog(logFiles(signedPlan(10))), out, { keys: [key] })).toMatchObject({ trust: 'key' })
    expect(filesIn(out)).toEqual(expectedFiles(signedPlan(10)))
  }
})

test.each(['tile/0/000', 'tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/44'])(
  'a changed %s in the tiles folder is told, and nothing is written over it',
  async (path) => {
    const { out } = await exported(300)
    const bytes = readFileSync(join(out, path))
    bytes[7]! ^= 1
    writeFileSync(join(out, path), bytes)
    const before = filesIn(out)
    await expect(exportTiles(writeLog(logFiles(signedPlan(310))), out)).rejects.toMatchObject({
      code: 'TRAILPROOF_TILES_CHANGED',
      message: expect.stringContaining(path),
    })
    expect(filesIn(out)).toEqual(before)
  },
)

test('a tile that a power cut emptied, or that is missing, is written again', async () => {
  const { log, out } = await exported(300)
  truncateSync(join(out, 'tile/0/000'), 0)
  writeFileSync(join(out, 'tile/1/000.p/1'), Buffer.alloc(32))
  rmSync(join(out, 'tile/entries/000'))
  expect(await exportTiles(log, out)).toMatchObject({ written: 3 })
  expect(filesIn(out)).toEqual(expectedFiles(signedPlan(300)))
})

test('a tile that was cut, or is wider than the log is long, is told', async () => {
  for (const [path, bytes] of [
    ['tile/0/000', 100 * 32],
    ['tile/0/001.p/44', 43 * 32],
    ['tile/entries/001.p/44', 50],
  ] as const) {
    const { log, out } = await exported(300)
    truncateSync(join(out, path), bytes)
    await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_TILES_CHANGED' })
  }
  const { log, out } = await exported(300)
  writeFileSync(
    join(out, 'tile/0/001.p/45'),
    Buffer.concat([readFileSync(join(out, 'tile/0/001.p/44')), leafOf('more')]),
  )
  await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_TILES_CHANGED' })
})

test('a missing segment is named by the records that it held', async () => {
  const files = logFiles(signedPlan(300, { rolls: [100, 200] }))
  files.delete(segmentPath(100))
  await expect(exportTiles(writeLog(files), tilesDir())).rejects.toMatchObject({
    code: 'TRAILPROOF_LOG_CORRUPT',
    message: expect.stringContaining('no segment holds records 100 to 199'),
    index: 100,
  })
})

test('when tiles cannot be moved in, the older checkpoint still stands with all of its tiles', async () => {
  const { out } = await exported(200)
  const before = filesIn(out)
  writeFileSync(join(out, 'tile/0/001.p'), 'in the way')
  const log = writeLog(logFiles(signedPlan(300)))
  await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_FOLDER_UNWRITABLE' })
  const after = filesIn(out)
  expect(after['checkpoint']).toBe(before['checkpoint'])
  expect(after['tile/0/000.p/200'] ?? after['tile/0/000']!.slice(0, 200 * 32)).toBe(before['tile/0/000.p/200'])
  expect(readdirSync(out).sort()).toEqual(['checkpoint', 'log.vkey', 'tile'])
  rmSync(join(out, 'tile/0/001.p'))
  await exportTiles(log, out)
  expect(filesIn(out)).toEqual(expectedFiles(signedPlan(300)))
})

test('a log that became shorter than its export, or another one under the same key, is told', async () => {
  const { out } = await exported(300)
  const before = filesIn(out)
  const other = signedPlan(310)
  other.lines[0] = makeLine(0, { event: 'rewritten' })
  for (const [plan, why] of [
    [signedPlan(200), /rolled back/],
    [other, /signs another tree|is not what the log gives/],
  ] as const)
    await expect(exportTiles(writeLog(logFiles(plan)), out)).rejects.toMatchObject({
      code: 'TRAILPROOF_TILES_CHANGED',
      message: expect.stringMatching(why),
    })
  rmSync(join(out, 'tile'), { recursive: true }) // nor does it help to take the tiles away
  await expect(exportTiles(writeLog(logFiles(other)), out)).rejects.toMatchObject({
    message: expect.stringMatching(/signs another tree/),
  })
  expect(filesIn(out)['checkpoint']).toBe(before['checkpoint'])
})

test('an export that was cut off is taken up again', async () => {
  const { log, out } = await exported(300)
  rmSync(join(out, 'checkpoint')) // the last to come
  mkdirSync(join(out, '.staging-killed', 'tile', '0'), { recursive: true })
  writeFileSync(join(out, '.staging-killed', 'tile', '0', '000'), 'half')
  await exportTiles(log, out)
  expect(readdirSync(out).sort()).toEqual(['checkpoint', 'log.vkey', 'tile'])
  expect(filesIn(out)).toEqual(expectedFiles(signedPlan(300)))
})

test('of two exports to one folder at once, neither publishes what is not whole', async () => {
  const out = tilesDir()
  const logs = [200, 300].map((n) => writeLog(logFiles(signedPlan(n))))
  const ends = await Promise.allSettled(logs.map((log) => exportTiles(log, out)))
  for (const end of ends)
    if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: expect.stringMatching(/^TRAILPROOF_/) })
  await exportTiles(logs[1]!, out)
  expect(filesIn(out)).toMatchObject(expectedFiles(signedPlan(300)))
})

test('the tiles of another log, or a folder with something else in it, are left alone', async () => {
  const log = writeLog(logFiles(signedPlan(10)))
  const other = tilesDir()
  const renamedPlan = { ...signedPlan(10), signer: renamed(signer, 'shop/7f3a/shop-1') }
  await exportTiles(writeLog(logFiles(renamedPlan)), other)
  const unfinished = tilesDir()
  mkdirSync(unfinished)
  writeFileSync(join(unfinished, 'log.vkey'), `${renamedPlan.signer.vkey}\n`)
  const home = tempDir()
  writeFileSync(join(home, 'letter.txt'), 'dear')
  for (const out of [other, unfinished, home]) {
    const before = filesIn(out)
    await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
    expect(filesIn(out)).toEqual(before)
  }
})

test('a log is never taken for a tiles folder, nor are tiles put where verify looks for logs', async () => {
  const root = tempDir()
  const log = writeLog(logFiles(signedPlan(10)), join(root, 'shop-0'))
  writeFileSync(join(root, 'shop-0.lock'), '')
  const before = filesIn(root)
  for (const out of [log, join(log, 'tile'), join(log, 'out'), join(root, 'tiles')]) {
    await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
    expect(filesIn(root)).toEqual(before)
  }
  expect(readdirSync(root).sort()).toEqual([basename(log), 'shop-0.lock'])
})

test('a checkpoint in the tiles folder that nobody signed is told', async () => {
  const { log, out } = await exported(10)
  const note = readFileSync(join(out, 'checkpoint'), 'utf8')
  writeFileSync(join(out, 'checkpoint'), note.replace('\n10\n', '\n9\n'))
  await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_TILES_CHANGED' })
  rmSync(join(out, 'checkpoint'))
  mkdirSync(join(out, 'checkpoint'))
  await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_TILES_CHANGED' })
  renameSync(join(out, 'checkpoint'), join(out, 'tile', 'x'))
  writeFileSync(join(out, 'log.vkey'), 'nonsense\n')
  await expect(exportTiles(log, out)).rejects.toMatchObject({ code: 'TRAILPROOF_TILES_CHANGED' })
})
