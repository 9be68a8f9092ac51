import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Log } from '../../packages/core/src/log/log.js'
import { fileWriter } from '../../packages/core/src/writers/file/file-writer.js'
import type { Head } from '../../packages/core/src/writers/writer.js'
import { checkLog } from '../../packages/testkit/src/check-log.js'
import { seededRandom } from '../../packages/testkit/src/random.js'
import { testKey } from '../../packages/testkit/src/test-key.js'
import { effort } from '../effort.js'
import { type Acknowledged, buildCore, WriterProcess } from './build.js'

const KILLS = Number(process.env['KILLS'] ?? effort(20, 1000))
/** Each log is killed so often before a new one is begun, so that proving it stays cheap. */
const KILLS_PER_LOG = 20

let dir: string
beforeAll(buildCore, 300_000)
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trailproof-kill-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Opens the log as the next process would, closes it, and proves it. */
async function recoverAndProve(acknowledged: Acknowledged[], slot = 'shop-0'): Promise<{ head: Head; size: number }> {
  const log = new Log({
    lease: fileWriter(dir, { segmentRecords: 1024 }).lease('shop'),
    service: 'shop',
    key: testKey(),
    limits: { maxQueuedBytes: 1e6, maxQueuedRecords: 1e4 },
    stalledAfterMs: 10_000,
    preamble: () => [],
    randomId: () => 'parent',
  })
  const head = await log.ready
  await log.close()
  expect(head.previous).toBeUndefined()
  const { lines } = checkLog(join(dir, slot), { acknowledged, tiles: true, publicKey: testKey().publicKey })
  const ids = lines.map((line) => JSON.parse(line).id)
  expect(new Set(ids).size).toBe(ids.length)
  return { head, size: lines.length }
}

describe('kill -9', () => {
  it(
    `at any moment under load: every acknowledged line is there afterwards, and the log verifies (${KILLS} kills)`,
    async () => {
      const random = seededRandom(Number(process.env['SEED'] ?? 1))
      let lines = 0
      for (let kill = 0; kill < KILLS; kill++) {
        if (kill % KILLS_PER_LOG === 0) lines = acknowledged.length = 0
        if (kill % KILLS_PER_LOG === 0)
          for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true })
        const writer = new WriterProcess(dir, 'load')
        // Now and then while it opens the log, else under load.
        if (random.chance(0.15)) await writer.leased()
        else await writer.until(1 + random.int(2000))
        await new Promise((resolve) => setTimeout(resolve, random.next() * 5)) // a random moment between two lines
        await writer.kill()
        acknowledged.push(...writer.acknowledged)
        const { size } = await recoverAndProve(acknowledged)
        expect(size).toBeGreaterThanOrEqual(lines)
        lines = size
      }
      expect(acknowledged.length).toBeGreaterThan(0)
    },
    KILLS * 10_000,
  )
  const acknowledged: Acknowledged[] = []

  it('frees the slot at once for the next process', async () => {
    const first = new WriterProcess(dir, 'idle')
    await first.leased()
    const second = new WriterProcess(dir, 'idle')
    await second.leased()
    await first.kill()
    const third = new WriterProcess(dir, 'idle')
    await third.leased()
    expect([first.slot, second.slot, third.slot]).toEqual(['shop-0', 'shop-1', 'shop-0'])
    await Promise.all([second.kill(), third.kill()])
  }, 60_000)
})

describe('several processes on one folder', () => {
  const started = async (env?: NodeJS.ProcessEnv) => {
    const writers = [1, 2, 3].map(() => new WriterProcess(dir, 'load', env))
    await Promise.all(writers.map((writer) => writer.until(50)))
    await Promise.all(writers.map((writer) => writer.kill()))
    return writers
  }

  it('started at the same moment, they write to slots of their own', async () => {
    const writers = await started()
    expect(writers.map(({ slot }) => slot).sort()).toEqual(['shop-0', 'shop-1', 'shop-2'])
    for (const { slot, acknowledged } of writers) if (slot === 'shop-0') await recoverAndProve(acknowledged)
  }, 60_000)

  it('also where there is no flock program', async () => {
    const writers = await started({ ...process.env, PATH: '/nonexistent' })
    expect(writers.map(({ slot }) => slot).sort()).toEqual(['shop-0', 'shop-1', 'shop-2'])
    const next = new WriterProcess(dir, 'idle', { ...process.env, PATH: '/nonexistent' })
    await next.leased()
    expect(next.slot).toBe('shop-0')
    await next.kill()
  }, 60_000)
})

describe('a process that ends by itself', () => {
  for (const [mode, what, code] of [
    ['exit', 'by process.exit() while a write is under way', 0],
    ['exit-opening', 'by process.exit() before its log was opened', 0],
    ['throw', 'by an error that nobody caught', 1],
  ] as const)
    it(`${what}: everything that was queued is durable and signed`, async () => {
      const writer = new WriterProcess(dir, mode, { ...process.env, NODE_OPTIONS: '--unhandled-rejections=throw' })
      const exit = await writer.exited
      expect(exit).toBe(code)
      const checked = checkLog(join(dir, 'shop-0'), { acknowledged: writer.acknowledged, tiles: true })
      expect([checked.lines.length, checked.syncedSize, writer.acknowledged.length]).toEqual(
        mode === 'exit-opening' ? [500, 500, 500] : [1000, 1000, 1000],
      )
    }, 60_000)
})
