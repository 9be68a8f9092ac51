import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeTempDirs, tempDir } from '../../core/test/verify/fixture.js'
import { run, runJson } from './run.js'

afterAll(removeTempDirs)

test('makes keys that only their owner can read, and prints the public one', () => {
  const cwd = tempDir()
  const { code, out } = run(['keygen', '--json'], { cwd })
  const made = JSON.parse(out) as { dir: string; publicKey: string; publicKeyFile: string; files: string[] }
  expect({ code, dir: made.dir }).toEqual({ code: 0, dir: join(cwd, '.trailproof') })
  expect(statSync(made.dir).mode & 0o777).toBe(0o700)
  for (const file of made.files.filter((file) => file !== made.publicKeyFile))
    expect(statSync(file).mode & 0o777).toBe(0o600)
  const raw = createPublicKey(readFileSync(made.publicKeyFile)).export({ format: 'der', type: 'spki' }).subarray(-32)
  expect(made.publicKey).toBe(raw.toString('base64'))
})

test('prints nothing secret', () => {
  const dir = join(tempDir(), 'keys')
  const { out, err } = run(['keygen', '--dir', dir])
  for (const file of ['root.key', 'signing.key'])
    for (const line of readFileSync(join(dir, file), 'utf8')
      .split('\n')
      .filter((line) => line.length > 20 && !line.startsWith('-----')))
      expect(out + err).not.toContain(line)
})

test('never overwrites: exit 2, and the files are as they were', () => {
  const dir = join(tempDir(), 'keys')
  run(['keygen', '--dir', dir])
  const before = readFileSync(join(dir, 'signing.key'), 'utf8')
  const { code, err } = run(['keygen', '--dir', dir])
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/^TRAILPROOF_KEY_INVALID: /) })
  expect(readFileSync(join(dir, 'signing.key'), 'utf8')).toBe(before)
})

test('makes the key of a witness: private to its owner, named as told, and never overwritten', () => {
  const dir = join(tempDir(), 'keys')
  const args = ['keygen', '--witness', 'witness.example.com', '--dir', dir]
  const made = JSON.parse(run([...args, '--json']).out) as { vkey: string; files: string[] }
  expect(made.vkey).toMatch(/^witness\.example\.com\+[0-9a-f]{8}\+B[A-Za-z0-9+/]{43}$/)
  const [key, vkey] = made.files as [string, string]
  expect([statSync(dir).mode & 0o777, statSync(key).mode & 0o777]).toEqual([0o700, 0o600])
  expect(readFileSync(vkey, 'utf8')).toBe(`${made.vkey}\n`)
  const before = readFileSync(key, 'utf8')
  const { code, out, err } = run(args)
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/^TRAILPROOF_KEY_INVALID: /) })
  expect(readFileSync(key, 'utf8')).toBe(before)
  expect(out + err).not.toContain(before.trim().split('+').at(-1))
  expect(run(['keygen', '--witness', 'two words', '--dir', join(dir, 'x')]).code).toBe(2)
})

/** A process of the service, with these keys: starts, records once, ends. */
function serve(cwd: string): void {
  const core = new URL('../../core/dist/esm/index.js', import.meta.url)
  const code = `import { createAudit, fileWriter } from '${core}'
    const audit = createAudit({ service: 'shop', writer: fileWriter('audit') })
    await audit.record({ event: 'login.failed' })
    await audit.close()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
}

test('rotates: make the next key, restart, retire the old one; not before every log is handed over', () => {
  const cwd = tempDir()
  const [dir, audit] = [join(cwd, '.trailproof'), join(cwd, 'audit')]
  run(['keygen', '--dir', dir])
  serve(cwd)
  const first = readFileSync(join(dir, 'signing.pub'), 'utf8')
  const old = readFileSync(join(dir, 'signing.key'), 'utf8')
  expect(run(['keygen', '--dir', dir, '--rotate']).code).toBe(0)
  expect(statSync(join(dir, 'signing.next.key')).mode & 0o777).toBe(0o600)
  expect(run(['doctor', audit, '--keys', dir]).out).toContain('a rotation is under way')
  expect(runJson(['keygen', '--dir', dir, '--retire', audit])).toEqual({
    code: 1,
    json: { retired: false, logs: [{ name: 'shop-0', done: false }] },
  })
  expect(readFileSync(join(dir, 'signing.key'), 'utf8')).toBe(old)

  serve(cwd)
  expect(run(['keygen', '--dir', dir, '--retire', audit])).toMatchObject({ code: 0 })
  expect(existsSync(join(dir, 'signing.next.key'))).toBe(false)
  expect(readFileSync(join(dir, 'signing.key'), 'utf8')).not.toBe(old)
  serve(cwd)
  const key = createPublicKey(first).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
  const { code, out } = run(['verify', audit, '--key', key])
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(/key {10}[\da-f]{8} signs up to size \d+\n {2}key/),
  })
})

test('a rotation that is not under way cannot be ended, and one cannot begin and end at once', () => {
  const dir = join(tempDir(), 'keys')
  run(['keygen', '--dir', dir])
  expect(run(['keygen', '--dir', dir, '--retire', dir])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^TRAILPROOF_KEY_MISSING/),
  })
  expect(run(['keygen', '--dir', dir, '--rotate', '--retire', dir]).code).toBe(2)
})
