import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileSystemOf, isLockHeld } from '@trailproof/core'
import { afterAll, describe, expect, test } from 'vitest'
import {
  logFiles,
  makeLine,
  makeSigner,
  planOf,
  removeTempDirs,
  tempDir,
  writeLog,
} from '../../core/test/verify/fixture.js'
import type { Check } from '../src/doctor/check.js'
import { nodeVersion } from '../src/doctor/machine.js'
import { run } from './run.js'

afterAll(removeTempDirs)
const signer = makeSigner()

function doctor(root: string, keys = join(root, '.trailproof'), env: Record<string, string> = {}) {
  const { code, out } = run(['doctor', root, '--keys', keys, '--json'], { env })
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Check[] }
  return { code, ok, status: (id: string) => checks.find((check) => check.id === id)?.status, checks }
}
const recent = (seq: number, more = {}) => makeLine(seq, { time: new Date().toISOString(), ...more })

function rootWith(lines: string[]): string {
  const root = tempDir()
  writeLog(logFiles({ ...planOf(signer, 0, [lines.length]), lines }), join(root, 'shop-0'))
  mkdirSync(join(root, '.trailproof'), { mode: 0o700 })
  writeFileSync(join(root, '.trailproof', 'root.key'), 'x', { mode: 0o600 })
  writeFileSync(join(root, 'shop-0.lock'), '')
  return root
}

test('a log that was left in good order: every check has id, status, detail and fix', () => {
  const { code, ok, checks } = doctor(
    rootWith([recent(0, { event: 'audit.started' }), recent(1, { event: 'audit.stopped' })]),
  )
  expect({ code, ok }).toEqual({ code: 0, ok: true })
  expect(checks.map(({ id }) => id)).toEqual([
    'node',
    'folder',
    'filesystem',
    'flock',
    'space',
    'keys',
    'clock',
    'lock',
    'checkpoint',
    'heartbeat',
  ])
  for (const check of checks)
    expect(check).toEqual({
      id: expect.any(String),
      status: expect.stringMatching(/^(ok|warn|fail)$/),
      detail: expect.any(String),
      fix: expect.any(String),
      ...(check.log && { log: 'shop-0' }),
    })
})

test('a clock before the newest record is a failure: exit 1', () => {
  const ahead = makeLine(0, { time: new Date(Date.now() + 3_600_000).toISOString() })
  const { code, ok, status } = doctor(rootWith([ahead]))
  expect({ code, ok, clock: status('clock') }).toEqual({ code: 1, ok: false, clock: 'fail' })
})

test('keys that others may read are a failure, and missing ones in production too', () => {
  const root = rootWith([recent(0)])
  expect(doctor(root).status('keys')).toBe('ok')
  chmodSync(join(root, '.trailproof', 'root.key'), 0o640)
  expect(doctor(root).status('keys')).toBe('fail')
  expect(doctor(root, join(root, 'none')).status('keys')).toBe('warn')
  expect(doctor(root, join(root, 'none'), { NODE_ENV: 'production' }).status('keys')).toBe('fail')
})

test('without --keys the keys beside the logs are looked at, unless there are some where it runs', () => {
  const root = rootWith([recent(0)])
  const keys = (cwd: string) =>
    run(['doctor', root], { cwd })
      .out.match(/^(\S+) +keys +(\S+)/m)!
      .slice(1)
  expect(keys(tempDir())).toEqual(['ok', join(root, '.trailproof')])
  const own = tempDir()
  mkdirSync(join(own, '.trailproof'))
  expect(keys(own)).toEqual(['fail', '.trailproof'])
  expect(keys(root)).toEqual(['ok', '.trailproof'])
})

test('a log that holds no lines but one without end is a failed check, not an end of the doctor', () => {
  const root = rootWith([`{"seq":0,"x":"${'x'.repeat(600_000)}"}`])
  const { code, status } = doctor(root)
  expect({ code, records: status('records'), node: status('node') }).toEqual({ code: 1, records: 'fail', node: 'ok' })
})

test('a folder in place of the checkpoint is a failed check, not an end of the doctor', () => {
  const root = rootWith([recent(0)])
  rmSync(join(root, 'shop-0', 'checkpoint'))
  mkdirSync(join(root, 'shop-0', 'checkpoint'))
  expect(doctor(root).status('checkpoint')).toBe('fail')
})

test('records that nobody signed are told', () => {
  const root = tempDir()
  writeLog(logFiles(planOf(signer, 5, [2])), join(root, 'shop-0'))
  const { status, checks } = doctor(root)
  expect(status('checkpoint')).toBe('warn')
  expect(checks.find(({ id }) => id === 'checkpoint')!.detail).toContain(
    '3 records above the newest checkpoint (size 2',
  )
})

test('a process that ended without a word is told', () => {
  expect(doctor(rootWith([recent(0, { event: 'audit.started' }), recent(1)])).status('heartbeat')).toBe('warn')
})

test('a folder that is not there, or holds no log yet', () => {
  const missing = doctor(join(tempDir(), 'none'))
  expect({ code: missing.code, folder: missing.status('folder'), logs: missing.status('logs') }).toEqual({
    code: 1,
    folder: 'fail',
    logs: 'warn',
  })
  expect(doctor(tempDir()).status('logs')).toBe('warn')
})

test.skipIf(process.platform !== 'linux')('a lock is held while its holder lives, and not after', async () => {
  const path = join(tempDir(), 'shop-0.lock')
  expect(await isLockHeld(path)).toBe(false)
  writeFileSync(path, '')
  expect(await isLockHeld(path)).toBe(false)
  const holder = spawn('flock', [path, 'sleep', '60'], { detached: true })
  for (let i = 0; i < 200 && !(await isLockHeld(path)); i++) await sleep(10)
  expect(await isLockHeld(path)).toBe(true)
  process.kill(-holder.pid!, 'SIGKILL')
  for (let i = 0; i < 200 && (await isLockHeld(path)); i++) await sleep(10)
  expect(await isLockHeld(path)).toBe(false)
  rmSync(path)
})

test('the file system of a folder is that of the longest mount point above it', () => {
  const mounts =
    'overlay / overlay rw 0 0\n/dev/sda1 /data ext4 rw 0 0\ntmpfs /data/my\\040logs tmpfs rw 0 0\nproc /proc proc rw 0 0\n'
  expect(
    ['/srv', '/data/audit', '/data/my logs/audit', '/database'].map((folder) => fileSystemOf(folder, mounts)),
  ).toEqual(['overlay', 'ext4', 'tmpfs', 'overlay'])
  expect(fileSystemOf('/srv', undefined)).toBe(undefined)
})

test('Node must be new enough', () => {
  expect(['18.20.0', '20.18.9', '20.19.0', '22.1.0'].map((version) => nodeVersion(version).status)).toEqual([
    'fail',
    'fail',
    'ok',
    'ok',
  ])
})

test('people get a table, with what to do below what is wrong', () => {
  const { code, out } = run(['doctor', join(tempDir(), 'none')])
  expect(code).toBe(1)
  expect(out).toMatch(/^fail {2}folder {6}.*does not exist\n {18}-> start the application once/m)
})

describe('coverage', () => {
  const JWT = {
    library: 'jsonwebtoken',
    at: 'node_modules/b/node_modules/jsonwebtoken',
    fix: 'auditJwt(audit, jsonwebtoken)',
  }
  const coverage = (seq: number, data: object) => recent(seq, { event: 'audit.coverage', data })
  const about = (checks: Check[], id: string) => checks.filter((check) => check.id === id)

  test('what was found unhooked has the line to add; what is hooked and idle is named', () => {
    const { checks, code } = doctor(
      rootWith([
        recent(0, { event: 'audit.started', data: { keys: { root: 'aa' } } }),
        coverage(1, { hooks: {}, unhooked: [] }),
        coverage(2, { hooks: { express: { context: true }, jwt: {} }, unhooked: [JWT], forwarded_ignored: true }),
        recent(3, { event: 'audit.heartbeat', data: { counts: { express: { seen: 3 } } } }),
      ]),
    )
    expect(code).toBe(0)
    expect(about(checks, 'coverage')).toMatchObject([{ status: 'ok', detail: 'hooked: express, jwt', log: 'shop-0' }])
    expect(about(checks, 'unhooked')).toMatchObject([
      { status: 'warn', fix: JWT.fix, detail: expect.stringContaining(JWT.at) },
    ])
    expect(about(checks, 'never-seen')).toMatchObject([{ detail: 'in place, and nothing seen yet: jwt' }])
    expect(about(checks, 'proxy')).toMatchObject([{ status: 'warn', fix: expect.stringContaining("'trust proxy'") }])
  })

  test('Nest: guards that are not seen, and shutdown hooks that are off', () => {
    const nestjs = {
      guards: 'by answer only',
      shutdown_hooks: 'off: call app.enableShutdownHooks() before app.listen()',
    }
    const { checks } = doctor(rootWith([coverage(0, { hooks: { nestjs, 'nestjs.audited': {} }, unhooked: [] })]))
    expect(about(checks, 'coverage')).toMatchObject([{ detail: 'hooked: nestjs' }])
    expect(about(checks, 'guards')).toMatchObject([{ status: 'warn' }])
    expect(about(checks, 'shutdown')).toMatchObject([
      { status: 'warn', fix: expect.stringContaining('enableShutdownHooks') },
    ])
    expect(about(checks, 'proxy')).toEqual([])
  })

  test('instances with differing root keys are a failure', () => {
    const root = rootWith([recent(0, { event: 'audit.started', data: { keys: { root: 'aaaa' } } })])
    const lines = [recent(0, { event: 'audit.started', data: { keys: { root: 'bbbb' } } })]
    writeLog(logFiles({ ...planOf(signer, 0, [1]), lines }), join(root, 'shop-1'))
    const { code, checks } = doctor(root)
    expect(code).toBe(1)
    expect(about(checks, 'root-key')).toMatchObject([
      { status: 'fail', detail: expect.stringMatching(/shop-0 aaaa, shop-1 bbbb/) },
    ])
  })

  test('what package.json names is compared with what is hooked, or installed', () => {
    const dependencies = { express: '5', jsonwebtoken: '9', jose: '6', lodash: '4', '@trailproof/jwt': '0.1.0' }
    const project = (lines: string[]) => {
      const at = tempDir()
      writeFileSync(join(at, 'package.json'), JSON.stringify({ dependencies }))
      writeLog(logFiles({ ...planOf(signer, 0, [lines.length]), lines }), join(at, 'audit', 'shop-0'))
      return about(doctor(join(at, 'audit'), join(at, 'keys')).checks, 'project').map(
        ({ detail }) => detail.split(' ')[2],
      )
    }
    expect(project([recent(0)])).toEqual(['express,', 'jose,'])
    expect(project([coverage(0, { hooks: { express: {} }, unhooked: [] })])).toEqual(['jsonwebtoken,', 'jose,'])
  })
})
