import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  leafOf,
  logFiles,
  makeLine,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  treeRoot,
  writeLog,
} from '../../core/test/verify/fixture.js'
import { bin, run, runJson } from './run.js'

const signer = makeSigner()
const plan = planOf(signer, 300)
const dir = tempDir()
const log = join(dir, 'audit', 'shop-0')
const proof = join(dir, '123.tlog-proof')
const record = join(dir, 'record.json')
const key = join(dir, 'log.vkey')

beforeAll(() => {
  writeLog(logFiles(plan), log)
  writeFileSync(key, `${signer.vkey}\n`)
  writeFileSync(record, `${plan.lines[123]}\n`)
  run(['prove', log, '123', '--out', proof])
})
afterAll(removeTempDirs)

const claim = {
  origin: signer.origin,
  index: 123,
  size: 300,
  root: treeRoot(plan.lines.map(leafOf)).toString('base64'),
  originPinned: true,
}

test('a proof goes to a file, to standard output, or with its record into JSON', () => {
  const text = readFileSync(proof, 'utf8')
  expect(text).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 123\n/)
  expect(run(['prove', join(dir, 'audit'), '123'])).toEqual({ code: 0, out: text, err: '' })
  expect(runJson(['prove', log, '123', '--key', key])).toEqual({
    code: 0,
    json: { ok: true, origin: signer.origin, index: 123, size: 300, proof: text, record: plan.lines[123] },
  })
})

test('verified with nothing but the record and the key, in a folder where nothing else is', () => {
  const empty = mkdtempSync(join(dir, 'empty-'))
  const verify = (given: string) =>
    run(['verify-proof', proof, '--key', key, '--record', given, '--json'], { cwd: empty })
  for (const given of [record, plan.lines[123]!]) expect(JSON.parse(verify(given).out)).toEqual({ ok: true, ...claim })
  const piped = spawnSync(process.execPath, [bin, 'verify-proof', proof, '--key', signer.vkey, '--record', '-'], {
    input: `${plan.lines[123]}\n`,
    encoding: 'utf8',
  })
  expect({ status: piped.status, out: piped.stdout }).toEqual({
    status: 0,
    out: `ok: this record is in the log\n  log          ${signer.origin}\n  record       123\n  checkpoint   300 records, root ${claim.root}\n`,
  })
})

test('what is wrong: exit 1, and which of the three it is', () => {
  const changed = makeLine(123, { event: 'login.succeeded' })
  const cut = join(dir, 'cut.tlog-proof')
  writeFileSync(cut, readFileSync(proof, 'utf8').slice(0, -30))
  const thief = renamed(makeSigner(), signer.origin)
  const cases: [string[], object][] = [
    [[proof, '--key', key, '--record', changed], { ...claim, problem: { kind: 'not_included' } }],
    [[proof, '--key', thief.vkey, '--record', record], { ...claim, problem: { kind: 'wrong_key' } }],
    [[proof, '--key', makeSigner('other').vkey, '--record', record], { ...claim, problem: { kind: 'wrong_origin' } }],
    [[cut, '--key', key, '--record', record], { originPinned: true, problem: { kind: 'malformed' } }],
    [[record, '--key', key, '--record', record], { originPinned: true, problem: { kind: 'malformed' } }],
  ]
  for (const [args, report] of cases) {
    expect({ args, ...runJson(['verify-proof', ...args]) }).toMatchObject({
      args,
      code: 1,
      json: { ok: false, ...report },
    })
    const { code, out, err } = run(['verify-proof', ...args])
    expect({ code, out, err }).toEqual({ code: 1, out: expect.stringMatching(/^NOT OK: [a-z_]+: /), err: '' })
  }
})

test('a bare key proves, and it is said that it names no log', () => {
  const { code, out } = run(['verify-proof', proof, '--key', signer.bare, '--record', record])
  expect(code).toBe(0)
  expect(out).toContain('origin_not_pinned')
})

test('a record that was changed in the log is not proved: exit 1', () => {
  const files = logFiles(plan)
  files.set(segmentPath(0), String(files.get(segmentPath(0))).replace('"claimed":"c123"', '"claimed":"c124"'))
  const { code, json } = runJson(['prove', writeLog(files), '123'])
  expect({ code, json }).toMatchObject({ code: 1, json: { ok: false, problem: { code: 'TRAILPROOF_LOG_CORRUPT' } } })
})

test('what cannot be done: exit 2 and a code', () => {
  const long = join(dir, 'long')
  writeFileSync(long, 'x'.repeat(2_000_000))
  const two = join(dir, 'two')
  writeFileSync(two, `${plan.lines[1]}\n${plan.lines[2]}\n`)
  const nothing = join(dir, 'nothing')
  writeFileSync(nothing, '\n')
  const verify = (...args: string[]) => ['verify-proof', proof, ...args]
  const cases: [string[], string][] = [
    [['prove', log, '300'], 'TRAILPROOF_OPTION_INVALID'],
    [['prove', log, '999999999999'], 'TRAILPROOF_OPTION_INVALID'],
    [['prove', log, '-1'], 'TRAILPROOF_OPTION_INVALID'],
    [['prove', log, 'one'], 'TRAILPROOF_OPTION_INVALID'],
    [['prove', log, '1', '--out', join(dir, 'no', 'folder')], 'TRAILPROOF_OPTION_INVALID'],
    [['prove', join(dir, 'nowhere'), '1'], 'TRAILPROOF_LOG_NOT_FOUND'],
    [verify('--key', key), 'TRAILPROOF_OPTION_INVALID'],
    [verify('--record', record), 'TRAILPROOF_OPTION_INVALID'],
    [verify('--key', 'nonsense', '--record', record), 'TRAILPROOF_KEY_INVALID'],
    [verify('--key', key, '--record', join(dir, 'nowhere')), 'TRAILPROOF_OPTION_INVALID'],
    [verify('--key', key, '--record', dir), 'TRAILPROOF_OPTION_INVALID'],
    [verify('--key', key, '--record', long), 'TRAILPROOF_OPTION_INVALID'],
    [verify('--key', key, '--record', two), 'TRAILPROOF_OPTION_INVALID'],
    [verify('--key', key, '--record', nothing), 'TRAILPROOF_OPTION_INVALID'],
    [['verify-proof', long, '--key', key, '--record', record], 'TRAILPROOF_OPTION_INVALID'],
    [['verify-proof', join(dir, 'nowhere'), '--key', key, '--record', record], 'TRAILPROOF_OPTION_INVALID'],
  ]
  for (const [args, code] of cases) {
    const { code: exit, out, err } = run([...args, '--json'])
    expect({ args, exit, err }).toEqual({ args, exit: 2, err: expect.stringMatching(new RegExp(`^${code}: .+\n$`)) })
    expect(JSON.parse(out)).toMatchObject({ error: { code, message: expect.any(String), hint: expect.any(String) } })
  }
}, 60_000)

test('a reader that closes the pipe ends it quietly', () => {
  const script = `set -o pipefail; '${process.execPath}' '${bin}' prove '${log}' 5 | true; echo \${PIPESTATUS[0]}`
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('0\n')
})
