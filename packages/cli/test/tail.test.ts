import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
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
  writeLog,
} from '../../core/test/verify/fixture.js'
import { begin, bin, run } from './run.js'

afterAll(removeTempDirs)
const signer = makeSigner()

test('shows the last records as columns', () => {
  const plan = planOf(signer, 30)
  plan.lines[29] = makeLine(29, {
    event: 'login.succeeded',
    outcome: 'success',
    reason: undefined,
    actor: { ref: 'r29' },
    client: { ip: '203.0.113.7' },
    http: { method: 'POST', route: '/login' },
  })
  const { code, out } = run(['tail', writeLog(logFiles(plan)), '-n', '2'])
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['time', 'event', 'outcome', 'reason', 'actor', 'ip', 'route'],
    ['2026-11-23T09:00:00.028Z', 'login.failed', 'failure', '-', 'claimed:c28', '-', '-'],
    ['2026-11-23T09:00:00.029Z', 'login.succeeded', 'success', '-', 'r29', '203.0.113.7', 'POST /login'],
    [''],
  ])
})

test('--json prints the stored lines, byte for byte', () => {
  const plan = planOf(signer, 20)
  plan.lines[19] = makeLine(19, { data: { text: 'grüße \\u2028 \u2028' } })
  expect(run(['tail', writeLog(logFiles(plan)), '-n', '3', '--json']).out).toBe(
    plan.lines
      .slice(17)
      .map((line) => `${line}\n`)
      .join(''),
  )
})

test('several logs are merged by time, and the log is named', () => {
  const root = tempDir()
  writeLog(logFiles(planOf(signer, 4)), join(root, 'shop-0'))
  const other = planOf(renamed(signer, 'shop/2/shop-1'), 2)
  other.lines = [0, 1].map((seq) =>
    makeLine(seq, { time: `2026-11-23T09:00:00.00${2 * seq}500Z`, event: 'other.event' }),
  )
  writeLog(logFiles(other), join(root, 'shop-1'))
  const rows = run(['tail', root, '-n', '5']).out.split('\n').slice(1, -1)
  expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual([
    ['shop-1', '2026-11-23T09:00:00.000500Z'],
    ['shop-0', '2026-11-23T09:00:00.001Z'],
    ['shop-0', '2026-11-23T09:00:00.002Z'],
    ['shop-1', '2026-11-23T09:00:00.002500Z'],
    ['shop-0', '2026-11-23T09:00:00.003Z'],
  ])
})

test('hostile content is not emitted raw, in any column', () => {
  const evil = '\u001b[31mred\u001b[0m\r\nFAKE LINE\u0007\u009b2J\u202etxt\u2028x\u200b'
  const line = makeLine(0, {
    time: evil,
    event: evil,
    outcome: evil,
    reason: evil,
    actor: { claimed: evil },
    client: { ip: evil },
    http: { method: evil, route: evil },
  })
  const odd = [
    '{"v":1,"seq":1,"time":{"a":"\\u001b"},"actor":[1],"http":null,"client":"x"}',
    '{"v":1,"seq":2,"actor":{"ref":{"x":"\\u001b[1m"}}}',
    '[1]',
    'not json \u001b[31m',
  ]
  const dir = writeLog(logFiles({ ...planOf(signer, 0, [5]), lines: [line, ...odd] }))
  const { code, out } = run(['tail', dir])
  expect(code).toBe(0)
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u200b]/)
  expect(out.split('\n')).toHaveLength(7)
})

test('-f shows what becomes durable, once, and ends at a signal with exit 0', async () => {
  const { lines } = planOf(signer, 10)
  const dir = writeLog(logFiles(planOf(signer, 4)))
  const child = begin(['tail', dir, '-f', '-n', '1', '--json'])
  let out = ''
  child.stdout!.on('data', (piece) => {
    out += piece
  })
  const until = async (n: number) => {
    for (let i = 0; i < 500 && out.split('\n').length - 1 < n; i++) await sleep(20)
  }
  const grow = (from: number, to: number) => {
    appendFileSync(
      join(dir, segmentPath(0)),
      lines
        .slice(from, to)
        .map((line) => `${line}\n`)
        .join(''),
    )
    appendFileSync(join(dir, 'checkpoints.log'), makeNote(signer, lines.slice(0, to).map(leafOf)))
  }
  await until(1)
  grow(4, 6)
  await until(3)
  grow(6, 10)
  await until(7)
  child.kill('SIGTERM')
  const code = await new Promise((resolve) => child.on('exit', resolve))
  expect({ code, out }).toEqual({
    code: 0,
    out: lines
      .slice(3)
      .map((line) => `${line}\n`)
      .join(''),
  })
})

test('-f finds a log that begins while it follows', async () => {
  const root = tempDir()
  writeLog(logFiles(planOf(signer, 1)), join(root, 'shop-0'))
  const child = begin(['tail', root, '-f', '-n', '1', '--json'])
  let out = ''
  child.stdout!.on('data', (piece) => {
    out += piece
  })
  const until = async (n: number) => {
    for (let i = 0; i < 700 && out.split('\n').length - 1 < n; i++) await sleep(20)
  }
  await until(1) // it has looked, and shop-1 was not there
  mkdirSync(join(root, 'shop-1'))
  await sleep(1200)
  const other = planOf(renamed(signer, 'shop/2/shop-1'), 2)
  writeLog(logFiles(other), join(root, 'shop-1'))
  await until(3)
  child.kill('SIGTERM')
  await new Promise((resolve) => child.on('exit', resolve))
  expect(out).toBe([...planOf(signer, 1).lines, ...other.lines].map((line) => `${line}\n`).join(''))
})

test('| head ends it quietly', () => {
  const dir = writeLog(logFiles(planOf(signer, 5000)))
  const err = join(tempDir(), 'err')
  writeFileSync(err, '')
  const script = `'${process.execPath}' '${bin}' tail '${dir}' -n 5000 2>'${err}' | head -2 | wc -l; echo \${PIPESTATUS[0]}; cat '${err}'`
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('2\n0\n')
})

test('a count that is none: exit 2', () => {
  expect(run(['tail', '.', '-n', '-3'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('TRAILPROOF_OPTION_INVALID'),
  })
})
