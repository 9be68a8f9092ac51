import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  leafOf,
  logFiles,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  treeRoot,
  writeLog,
} from '../../core/test/verify/fixture.js'
import { run, runJson } from './run.js'

const signer = makeSigner()
const plan = planOf(signer, 300)
const root = tempDir()
const log = join(root, 'shop-0')

beforeAll(() => void writeLog(logFiles(plan), log))
afterAll(removeTempDirs)

function altered(): string {
  const dir = join(tempDir(), 'shop-0')
  cpSync(log, dir, { recursive: true })
  const path = join(dir, segmentPath(0))
  writeFileSync(path, readFileSync(path, 'utf8').replace('"claimed":"c123"', '"claimed":"c124"'))
  return dir
}

test('a log, or a root with one log, is exported: exit 0, and exactly what is promised', () => {
  const out = join(tempDir(), 'tiles')
  const facts = {
    ok: true,
    origin: signer.origin,
    size: 300,
    root: treeRoot(plan.lines.map(leafOf)).toString('base64'),
    before: 0,
    written: 5,
    trust: 'self',
  }
  expect(runJson(['tiles', log, '--out', out])).toEqual({ code: 0, json: facts })
  expect(readdirSync(out).sort()).toEqual(['checkpoint', 'log.vkey', 'tile'])
  expect(runJson(['tiles', root, '--out', out, '--key', signer.vkey])).toEqual({
    code: 0,
    json: { ...facts, before: 300, written: 0, trust: 'key' },
  })
})

test('says in words what was written and whose word it is', () => {
  const { code, out, err } = run(['tiles', log, '--out', join(tempDir(), 'tiles')])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('written      5 tiles and bundles; every record was hashed again and gives the signed root')
  expect(out).toContain("signed by    the log's own key, which proves nothing against whoever holds it")
  expect(run(['tiles', log, '--out', join(tempDir(), 'tiles'), '--key', signer.vkey]).out).toContain('the key you gave')
})

test('an altered log is refused: exit 1, a code, and nothing is left behind', () => {
  const out = join(tempDir(), 'tiles')
  const { code, json } = runJson(['tiles', altered(), '--out', out])
  expect({ code, json }).toEqual({
    code: 1,
    json: {
      ok: false,
      problem: {
        code: 'TRAILPROOF_LOG_CORRUPT',
        message: expect.stringContaining('the records do not give the signed root of size 300'),
        hint: 'trailproof verify says what was changed, and where',
      },
    },
  })
  expect(existsSync(out)).toBe(false)
  const told = run(['tiles', altered(), '--out', out])
  expect(told).toMatchObject({ code: 1, err: '' })
  expect(told.out).toMatch(/^NOT OK: TRAILPROOF_LOG_CORRUPT: /)
})

test('a changed tile and a log signed by another key: exit 1', () => {
  const out = join(tempDir(), 'tiles')
  expect(run(['tiles', log, '--out', out]).code).toBe(0)
  writeFileSync(join(out, 'tile/entries/000'), 'changed')
  expect(runJson(['tiles', log, '--out', out])).toMatchObject({
    code: 1,
    json: { problem: { code: 'TRAILPROOF_TILES_CHANGED' } },
  })
  const thief = renamed(makeSigner(), signer.origin)
  expect(runJson(['tiles', log, '--out', join(tempDir(), 'tiles'), '--key', thief.vkey])).toMatchObject({
    code: 1,
    json: { problem: { code: 'TRAILPROOF_CHECKPOINT_CORRUPT' } },
  })
})

test('what cannot be done: exit 2 and a code', () => {
  const several = tempDir()
  for (const name of ['shop-0', 'shop-1']) writeLog(logFiles(plan), join(several, name))
  const full = tempDir()
  writeFileSync(join(full, 'letter'), 'dear')
  const file = join(full, 'letter')
  const keyless = writeLog(logFiles(plan))
  rmSync(join(keyless, 'log.vkey'))
  const cases: [string[], string][] = [
    [['tiles', log], 'TRAILPROOF_OPTION_INVALID'],
    [['tiles', several, '--out', join(tempDir(), 'tiles')], 'TRAILPROOF_OPTION_INVALID'],
    [['tiles', log, '--out', full], 'TRAILPROOF_OPTION_INVALID'],
    [['tiles', log, '--out', log], 'TRAILPROOF_OPTION_INVALID'],
    [['tiles', log, '--out', file], 'TRAILPROOF_FOLDER_UNWRITABLE'],
    [['tiles', join(root, 'nowhere'), '--out', full], 'TRAILPROOF_LOG_NOT_FOUND'],
    [['tiles', log, '--out', join(tempDir(), 'tiles'), '--key', 'nonsense'], 'TRAILPROOF_KEY_INVALID'],
    [['tiles', keyless, '--out', join(tempDir(), 'tiles')], 'TRAILPROOF_KEY_MISSING'],
  ]
  for (const [args, code] of cases)
    expect({ args, ...run(args) }).toMatchObject({ args, code: 2, out: '', err: expect.stringMatching(`^${code}: `) })
  expect(run(['tiles', several, '--out', full]).err).toContain('shop-0, shop-1')
})

test('nothing from a hostile tiles folder reaches the terminal raw', () => {
  const out = join(tempDir(), 'tiles')
  const plan = planOf(renamed(signer, 'shop/\u009b2J\u202e/shop-0'), 3)
  expect(run(['tiles', writeLog(logFiles(plan)), '--out', out]).out).not.toMatch(/[\u0080-\u009f\u202e]/)
  const { code, err } = run(['tiles', log, '--out', out])
  expect(code).toBe(2)
  expect(err).not.toMatch(/[\u0080-\u009f\u202e]/)
})
