// Which folder a process goes on with: only the one that was made for its slot, and no stray one.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Log } from '../../core/src/log/log.js'
import { type Disk, nodeDisk } from '../../core/src/writers/file/disk.js'
import { fileWriter } from '../../core/src/writers/file/file-writer.js'
import { ManualTimers } from '../src/manual-timers.js'
import { testKey } from '../src/test-key.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trailproof-slots-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

let made = 0
function begin() {
  const log = new Log({
    lease: fileWriter(dir, { ballastBytes: 0 }).lease('shop'),
    service: 'shop',
    key: testKey(),
    limits: { maxQueuedBytes: 1e6, maxQueuedRecords: 1e4 },
    stalledAfterMs: 5000,
    preamble: () => [],
    randomId: () => `id${++made}`,
    timers: new ManualTimers(),
  })
  log.append({ event: 'test', body: '"a":1}', bytes: 50, wait: 'durable', settled: () => {} })
  return log
}

/** Opens, writes a line, closes. @returns what was found, and the origin */
async function run() {
  const log = begin()
  const head = await log.ready
  const origin = log.origin!
  await log.close()
  return { head, origin }
}

const folders = () =>
  readdirSync(dir)
    .filter((name) => !name.endsWith('.lock'))
    .sort()

it('a copy of a log under another slot’s name is not appended to, so no origin gets two histories', async () => {
  const { origin } = await run()
  cpSync(join(dir, 'shop-0'), join(dir, 'shop-1'), { recursive: true })
  const before = readFileSync(join(dir, 'shop-1/seg/00000000000000000000.jsonl'), 'utf8')
  const [first, second] = [begin(), begin()]
  const [, head] = await Promise.all([first.ready, second.ready])
  expect(head.previous).toMatchObject({ origin, kind: 'slot', problem: 'it belongs to another slot' })
  expect([first.origin, second.origin!.endsWith('/shop-1')]).toEqual([origin, true])
  await Promise.all([first.close(), second.close()])
  expect(readFileSync(join(dir, 'shop-1/seg/00000000000000000000.jsonl'), 'utf8')).toBe(before)
  expect(folders()).toEqual(['shop-0', 'shop-1', 'shop-1.e2'])
})

it('a folder that another process makes between our look and our call is used, not taken for a failure', async () => {
  const races: string[] = []
  const disk: Disk = {
    ...nodeDisk,
    makeFolder(path) {
      races.push(path)
      mkdirSync(path)
      nodeDisk.makeFolder(path)
    },
  }
  const root = join(dir, 'var', 'audit')
  fileWriter(root, { ballastBytes: 0, disk }).lease('shop').release()
  expect(races).toEqual([join(dir, 'var'), root])
})

it('the log after a damaged one bears the slot’s name too, and is gone on with', async () => {
  await run()
  writeFileSync(join(dir, 'shop-0/checkpoint'), 'garbage')
  const { origin, head } = await run()
  expect(head.previous).toMatchObject({ kind: 'checkpoint' })
  expect(await run()).toMatchObject({ origin, head: { size: 1 } })
  expect(folders()).toEqual(['shop-0', 'shop-0.e2'])
})

for (const stray of ['shop-0.e77', 'shop-0.e2'])
  it(`an empty folder ${stray} does not take a sound log out of use`, async () => {
    const { origin } = await run()
    mkdirSync(join(dir, stray))
    expect(await run()).toMatchObject({ origin, head: { size: 1 } })
    expect(await run()).toMatchObject({ origin, head: { size: 2 } })
  })

it('nor do two of them, nor a file of that name', async () => {
  const { origin } = await run()
  mkdirSync(join(dir, 'shop-0.e2'))
  mkdirSync(join(dir, 'shop-0.e3'))
  writeFileSync(join(dir, 'shop-0.e4'), '')
  expect(await run()).toMatchObject({ origin, head: { size: 1 } })
})

it('a damaged log is followed by an epoch past a file that has the name of one', async () => {
  await run()
  writeFileSync(join(dir, 'shop-0/checkpoint'), 'garbage')
  writeFileSync(join(dir, 'shop-0.e2'), '')
  const { origin, head } = await run()
  expect(head.previous).toBeDefined()
  expect(readdirSync(join(dir, 'shop-0.e3'))).toContain('log.vkey')
  writeFileSync(join(dir, 'shop-0.e2'), 'still no folder')
  expect((await run()).origin).toBe(origin)
})
