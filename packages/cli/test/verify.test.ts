import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
} from '../../core/test/verify/fixture.js'
import { bin, run, runJson } from './run.js'

const signer = makeSigner()
const plan = planOf(signer, 300, [100, 300])
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

test('a good log: exit 0, and one JSON object with exactly what is promised', () => {
  expect(runJson(['verify', root, '--key', signer.vkey])).toEqual({
    code: 0,
    json: {
      ok: true,
      trust: 'key',
      logs: [
        {
          name: 'shop-0',
          origin: signer.origin,
          size: 300,
          root: treeRoot(plan.lines.map(leafOf)).toString('base64'),
          checkpoints: 2,
          signed: 300,
          unsigned: 0,
          recovered: [],
          newest: JSON.parse(plan.lines[299]!).time,
          unanchored: 300,
          problems: [],
          notes: [],
        },
      ],
    },
  })
})

test('a record changed by one character: exit 1, and its index', () => {
  const dir = altered()
  expect(runJson(['verify', dir])).toMatchObject({
    code: 1,
    json: {
      ok: false,
      trust: 'self',
      logs: [{ problems: [{ kind: 'altered', index: 123, detail: 'record 123 was changed' }] }],
    },
  })
  const { code, out, err } = run(['verify', dir])
  expect({ code, err }).toEqual({ code: 1, err: '' })
  expect(out).toContain('PROBLEM      at 123: altered: record 123 was changed')
  expect(out).toContain('NOT OK')
})

test('says in words what the trust rests on, and what cannot be shown without an anchor', () => {
  const { code, out } = run(['verify', log])
  expect(code).toBe(0)
  expect(out).toContain(
    'self: the key came from the log folder itself, so someone who holds folder and key could have rewritten all',
  )
  expect(out).toContain('not shown by this: a log that was rolled back')
  expect(out).not.toMatch(/tamper-?proof/i)
})

test('the key comes as vkey, as base64, or from a file', () => {
  const file = join(tempDir(), 'public.pem')
  writeFileSync(file, signer.pem)
  for (const key of [signer.vkey, signer.bare, file]) expect(run(['verify', log, '--key', key]).code).toBe(0)
  expect(run(['verify', log, '--key', signer.bare]).out).toContain('origin_not_pinned')
})

test('a key file that is not there is told as such', () => {
  expect(run(['verify', log, '--key', 'nosuchfile'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^TRAILPROOF_KEY_INVALID: there is no file nosuchfile, and it is no key either/),
  })
})

test.skipIf(process.platform === 'win32')('a pipe in place of a segment: exit 1, and nothing waits for it', () => {
  const dir = altered()
  rmSync(join(dir, segmentPath(0)))
  execFileSync('mkfifo', [join(dir, segmentPath(0))])
  const { code, json } = runJson(['verify', dir])
  expect({ code, json }).toMatchObject({
    code: 1,
    json: { logs: [{ problems: expect.arrayContaining([expect.objectContaining({ kind: 'unreadable' })]) }] },
  })
})

test('a folder signed anew with another key fails with --key, and only then', () => {
  const thief = renamed(makeSigner(), signer.origin)
  const dir = writeLog(logFiles({ ...plan, signer: thief }))
  expect(run(['verify', dir]).code).toBe(0)
  const { code, json } = runJson(['verify', dir, '--key', signer.vkey])
  expect(code).toBe(1)
  expect(json).toMatchObject({ logs: [{ problems: [{ kind: 'wrong_key' }, {}, {}] }] })
})

test('another origin fails with --origin', () => {
  expect(runJson(['verify', log, '--origin', 'shop/other/shop-0'])).toMatchObject({
    code: 1,
    json: { logs: [{ problems: [{ kind: 'wrong_origin' }, { kind: 'wrong_origin' }] }] },
  })
})

test('a cut tail is found only with --against', () => {
  const kept = join(tempDir(), 'checkpoint')
  writeFileSync(kept, makeNote(signer, plan.lines.map(leafOf)))
  const cut = writeLog(logFiles(planOf(signer, 200, [100, 200])))
  expect(run(['verify', cut]).code).toBe(0)
  expect(runJson(['verify', cut, '--against', kept])).toMatchObject({
    code: 1,
    json: { logs: [{ problems: [{ kind: 'rolled_back', from: 200, to: 300 }] }] },
  })
  expect(run(['verify', log, '--against', kept]).code).toBe(0)
})

test('what cannot be done: exit 2, a code on stderr, and with --json the same as JSON', () => {
  const unsafe = join(tempDir(), 'no-checkpoint')
  writeFileSync(unsafe, 'nothing of the kind\n')
  const cases: [string[], string][] = [
    [['verify', join(root, 'nowhere')], 'TRAILPROOF_LOG_NOT_FOUND'],
    [['verify', tempDir()], 'TRAILPROOF_LOG_NOT_FOUND'],
    [['verify', log, '--key', 'nonsense'], 'TRAILPROOF_KEY_INVALID'],
    [['verify', log, '--against', unsafe], 'TRAILPROOF_CHECKPOINT_CORRUPT'],
    [['verify', log, '--against', join(root, 'nowhere')], 'TRAILPROOF_LOG_UNREADABLE'],
    [['verify'], 'TRAILPROOF_OPTION_INVALID'],
    [['verify', log, '--bogus'], 'TRAILPROOF_OPTION_INVALID'],
    [['verify', log, 'more'], 'TRAILPROOF_OPTION_INVALID'],
    [['verfy', log], 'TRAILPROOF_OPTION_INVALID'],
    [[], 'TRAILPROOF_OPTION_INVALID'],
  ]
  for (const [args, code] of cases) {
    const { code: exit, out, err } = run([...args, '--json'])
    expect({ args, exit, err }).toEqual({ args, exit: 2, err: expect.stringMatching(new RegExp(`^${code}: .+\n$`)) })
    expect({ args, json: JSON.parse(out) }).toMatchObject({
      args,
      json: { error: { code, message: expect.any(String), hint: expect.any(String) } },
    })
  }
  expect(run(['verify', tempDir()])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('TRAILPROOF_LOG_NOT_FOUND: '),
  })
})

test.skipIf(process.getuid?.() === 0)('a folder that may not be read: exit 2', () => {
  const dir = altered()
  chmodSync(join(dir, 'seg'), 0)
  expect(run(['verify', dir])).toMatchObject({ code: 2, err: expect.stringContaining('TRAILPROOF_LOG_UNREADABLE') })
  chmodSync(join(dir, 'seg'), 0o700)
})

test('nothing from a hostile log reaches the terminal raw', () => {
  const hostile = planOf(signer, 3)
  hostile.lines[2] = makeLine(2, { time: '\u001b[2Jnow\r\nFAKE' })
  const dir = writeLog(logFiles(hostile), join(tempDir(), 'shop-0'))
  writeFileSync(
    join(dir, 'checkpoints.log'),
    `\u001b]0;owned\u0007\n${readFileSync(join(dir, 'checkpoints.log'), 'utf8')}`,
  )
  const { out } = run(['verify', dir])
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  expect(out).not.toMatch(/^FAKE/m)
})

test('a reader that closes the pipe ends it quietly, and the exit code of the finding stays', () => {
  const dir = altered()
  const script = `set -o pipefail; '${process.execPath}' '${bin}' verify '${dir}' 2>'${root}/err' | true; echo \${PIPESTATUS[0]}`
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('1\n')
  expect(readFileSync(join(root, 'err'), 'utf8')).toBe('')
})

test('without a build, bin names the build', () => {
  const dir = join(tempDir(), 'bin')
  mkdirSync(dir)
  cpSync(bin, join(dir, 'trailproof.mjs'))
  let failed: { status?: number; stderr?: Buffer } = {}
  try {
    execFileSync(process.execPath, [join(dir, 'trailproof.mjs')], { stdio: 'pipe' })
  } catch (error) {
    failed = error as never
  }
  expect(failed.status).toBe(2)
  expect(String(failed.stderr)).toMatch(/not built yet: run `npm run build`/)
})

test('--help and --version are no errors', () => {
  for (const args of [['--help'], ['verify', '--help'], ['--version']])
    expect(run(args)).toMatchObject({ code: 0, err: '' })
})

test('--threads: the report is the same, and what is no number of threads is refused', () => {
  const dir = altered()
  const one = runJson(['verify', dir, '--key', signer.vkey, '--threads', '1'])
  expect(one.code).toBe(1)
  expect(runJson(['verify', dir, '--key', signer.vkey, '--threads', '2'])).toEqual(one)
  expect(run(['verify', dir, '--threads', '0'])).toMatchObject({ code: 2 })
})
