// A log that runs in a thread of its own and is contradicted by an anchor: it is frozen, and none of what comes is lost.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { checkLog } from '../../packages/testkit/src/check-log.js'
import { build, CORE } from '../crash/build.js'

const PROGRAM = fileURLToPath(new URL('frozen.mjs', import.meta.url))

function run(...more: string[]) {
  build()
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-frozen-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, CORE, dir, ...more], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^(.*TRAILPROOF_LOG_ROLLED_BACK.*\n.*\n)?$/)])
  const said = readFileSync(join(dir, 'said'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const { made, health } = said.pop()
  return { dir, said, made, health }
}

interface Said {
  origin?: string
  index: number
  leafHash: string
}

/** All receipts hold, and every record that was made stands in one of the logs, in order. */
function prove(dir: string, said: Said[], made: number, folders: string[]): void {
  const numbers: number[] = []
  for (const folder of folders.map((name) => join(dir, 'audit', name)).filter(existsSync)) {
    const origin = readFileSync(join(folder, 'log.vkey'), 'utf8').split('+')[0]
    const { lines, syncedSize } = checkLog(folder, { acknowledged: said.filter((one) => one.origin === origin) })
    expect(syncedSize).toBe(lines.length)
    const records = lines.map((line) => JSON.parse(line))
    numbers.push(...records.filter(({ event }) => event === 'admin.action').map(({ data }) => data.n))
  }
  expect(numbers).toEqual(Array.from({ length: made }, (_, i) => i))
}

it('all that is recorded before, meanwhile and after stands in the one log or in the other', () => {
  const { dir, said, made, health } = run()
  expect(said.filter(({ failed }) => failed)).toEqual([])
  expect(said.length).toBe(made)
  expect(health).toMatchObject({ dropped: 0, log: { thread: 'worker' } })
  prove(dir, said, made, ['shop-0', 'shop-0.e2'])
  expect(said.at(-1).origin).not.toBe(said[0].origin)
}, 120_000)

it.each(['0', '1', '3', '8', '20'])(
  'also when the process ends %s ms after the anchor has shown it',
  (ms) => {
    const { dir, said, made, health } = run(ms)
    expect(health).toMatchObject({ dropped: 0 })
    const receipts = said.filter(({ failed }) => !failed)
    expect(receipts.length).toBeGreaterThanOrEqual(200)
    prove(dir, receipts, made, ['shop-0', 'shop-0.e2'])
  },
  120_000,
)
