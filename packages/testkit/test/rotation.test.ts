// Segments that close by age, and a history of checkpoints that is thinned out.
import { describe, expect, it } from 'vitest'
import { effort } from '../../../test/effort.js'
import { CrashDisk, type Fault } from '../src/crash-disk.js'
import { seededRandom } from '../src/random.js'
import { begin, prove, settleDown, World } from './sim.js'

const HOUR = 3_600_000
const firsts = (disk: CrashDisk) =>
  disk
    .list('/audit/shop-0/seg')!
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b)
const sizes = (disk: CrashDisk) =>
  [
    ...disk
      .readFile('/audit/shop-0/checkpoints.log')
      .toString()
      .matchAll(/\n(\d+)\n[^\n]{44}\n\n/g),
  ].map((m) => Number(m[1]))

describe('a segment', () => {
  it('is closed at the next multiple of 256 lines once its first line is older than the limit, also by the next process', async () => {
    let now = Date.UTC(2026, 10, 23)
    const disk = new CrashDisk()
    const world = new World()
    const options = { segmentRecords: 1024, segmentBytes: 1e6, segmentAgeMs: 24 * HOUR, now: () => now }
    const life = begin(disk, world, {}, options)
    await life.log.ready
    life.write(300, 1)
    await life.log.flush()
    now += 23 * HOUR
    life.write(10, 1)
    await life.log.flush()
    expect(firsts(disk)).toEqual([0])
    now += 2 * HOUR
    life.write(10, 1)
    await life.log.flush()
    expect(firsts(disk)).toEqual([0]) // 320 lines: the tile ends at 512
    life.write(200, 1)
    await life.log.flush()
    expect(firsts(disk)).toEqual([0, 512])
    life.write(700, 1)
    await life.log.flush()
    expect(firsts(disk)).toEqual([0, 512]) // the new one is young
    await life.log.close()

    now += 25 * HOUR
    const next = begin(disk, world, {}, options)
    await next.log.ready
    next.write(100, 1)
    await next.log.close()
    expect(firsts(disk)).toEqual([0, 512, 1280])
    prove(disk, world)
  })
})

describe('the history of checkpoints', () => {
  const options = { segmentRecords: 256, segmentBytes: 1e6, historyBytes: 8000 }

  it('keeps the recent ones and, of older ones, the last at or before each multiple of 256 leaves', async () => {
    const disk = new CrashDisk()
    const world = new World()
    const life = begin(disk, world, {}, options)
    await life.log.ready
    for (let i = 0; i < 120; i++) {
      life.write(10, 1)
      await life.log.checkpoint()
    }
    await life.log.close()
    const kept = sizes(disk)
    expect(kept.at(-1)).toBe(1200)
    expect(kept).toContain(250)
    expect(kept.filter((size) => size <= 256)).toHaveLength(1)
    expect(kept.filter((size) => size > 1200 - 256)).toHaveLength(26)
    prove(disk, world)
  })

  it('a crash or a failing disk at any moment leaves a history that proves the log', async () => {
    for (let seed = 1; seed <= effort(60, 10_000); seed++)
      await story(seed).catch((error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
      })
  }, 3_600_000)

  async function story(seed: number): Promise<void> {
    const random = seededRandom(seed)
    const world = new World()
    const thin = { ...options, historyBytes: 1500, segmentRecords: 256 }
    let disk = new CrashDisk({ seed })
    for (let lives = 1 + random.int(3); lives > 0; lives--) {
      const life = begin(disk, world, {}, thin)
      const cut = disk.calls + 20 + random.int(150)
      const chance = random.pick([0, 0.02, 0.1])
      disk.fault = ({ n }): Fault | undefined =>
        n === cut
          ? { off: random.pick(['before', 'after']) }
          : random.chance(chance)
            ? random.pick<Fault>([{ error: 'EIO' }, { lost: 'EIO' }, { error: 'ENOSPC' }])
            : undefined
      for (let i = 0; i < 20 && !disk.isOff; i++) {
        life.write(1 + random.int(60), 1)
        await settleDown(disk, life, 30)
      }
      disk.fault = undefined
      disk = random.chance(0.7) ? disk.crash() : disk.kill()
      const next = begin(disk, world, {}, thin)
      const head = await next.log.ready
      if (head.previous) throw new Error(`a crash was taken for damage: ${head.previous.problem}`)
      if (head.size < world.signed) throw new Error(`${world.signed} lines were signed, ${head.size} are there`)
      next.write(3)
      await settleDown(disk, next)
      await next.log.close()
      prove(disk, world)
    }
  }
})
