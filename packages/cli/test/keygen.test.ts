import { createPublicKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeTempDirs, tempDir } from '../../core/test/verify/fixture.js'
import { run } from './run.js'

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
