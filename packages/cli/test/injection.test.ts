// What a stranger types goes the whole way, through the product, to what an operator's terminal would obey: none of it arrives.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAudit, fileWriter } from '@trailproof/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeTempDirs, tempDir } from '../../core/test/verify/fixture.js'
import { run } from './run.js'

afterAll(removeTempDirs)

/** Line breaks, an escape that clears the screen, a title (OSC), C1's CSI, changes of direction, separators, a bell. */
const EVIL =
  'a\r\nFAKE  login.succeeded\n\u001b[2J\u001b]0;owned\u0007\u009b1A\u0085\u202etxt.exe\u2066\u2028\u2029\u007f\b'
/** What a terminal obeys, all but the line break that we print ourselves. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

let log: string
beforeAll(async () => {
  const dir = tempDir()
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(join(dir, 'audit')),
    keys: { dir: join(dir, 'keys') },
    heartbeatEveryMs: 0,
  })
  await audit.record({
    event: 'login.failed',
    claimed: EVIL,
    actor: { id: EVIL, names: [EVIL], tenant: EVIL },
    target: { type: EVIL, id: EVIL },
    data: { [EVIL]: EVIL, deep: [{ text: EVIL }] },
  } as never)
  await audit.close()
  log = join(dir, 'audit', 'shop-0')
  // Whoever writes the folder may name files there as they like; verify tells of them.
  writeFileSync(join(log, 'seg', 'x\u001b[2J\n\u009b1A\u202ey'), '')
  mkdirSync(join(log, 'anchors'), { recursive: true })
})

test.each([
  ['tail', [] as string[]],
  ['tail', ['--json']],
  ['verify', []],
  ['verify', ['--json']],
])('%s %j prints nothing that a terminal would obey', (command, options) => {
  const { code, out, err } = run([command, log, ...options])
  expect(code).toBe(0)
  expect(out).toContain(command === 'tail' ? 'login.failed' : 'stray')
  expect(out + err).not.toMatch(OBEYED)
  expect(out).not.toMatch(/^FAKE/m)
})

test('tail shows one row for each record', () => {
  const rows = run(['tail', log, '-n', '100']).out.split('\n').slice(1, -1)
  const records = run(['tail', log, '-n', '100', '--json']).out.split('\n').slice(0, -1)
  expect(rows).toHaveLength(records.length)
  expect(records.filter((line) => JSON.parse(line).event === 'login.failed')).toHaveLength(1)
  expect(readdirSync(join(log, 'seg')).length).toBe(2)
})
