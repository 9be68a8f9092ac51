import { describe, expect, it } from 'vitest'
import { effort } from '../../../test/effort.js'
import { CrashDisk, type DiskCall, type Fault } from '../src/crash-disk.js'
import { type Random, seededRandom } from '../src/random.js'
import { live, recoverAndProve, World } from './sim.js'

const SEEDS = Number(process.env['SEEDS'] ?? effort(150, 10_000))
const FIRST = Number(process.env['SEED'] ?? 1)

/** Each seed is a story of up to four lives; a failure names the seed, and `SEED=n` begins with it. */
async function everySeed(story: (seed: number) => Promise<void>): Promise<void> {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++)
    await story(seed).catch((error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
    })
}

describe('a power cut at any moment', () => {
  it('loses no acknowledged line, repeats none, and the log goes on', async () => {
    await everySeed(async (seed) => {
      const random = seededRandom(seed)
      const world = new World()
      let disk = new CrashDisk({ seed })
      for (let lives = 1 + random.int(4); lives > 0; lives--) {
        disk.fault = powerCutAt(disk.calls + 1 + random.int(random.pick([10, 60, 200])), random)
        await live(disk, world, random)
        disk = random.chance(0.7) ? disk.crash() : disk.kill()
        if (random.chance(0.5)) disk = await recoverAndProve(disk, world)
      }
      disk = await recoverAndProve(disk, world)
      await recoverAndProve(disk.crash(), world) // what was proved survives the next cut as well
    })
  }, 1_800_000)

  it('also while the last power cut is still being repaired', async () => {
    await everySeed(async (seed) => {
      const random = seededRandom(seed + 1_000_000)
      const world = new World()
      let disk = new CrashDisk({ seed })
      disk.fault = powerCutAt(30 + random.int(60), random)
      await live(disk, world, random)
      for (let cuts = random.int(5); cuts > 0; cuts--) {
        disk = random.chance(0.8) ? disk.crash() : disk.kill()
        disk.fault = powerCutAt(1 + random.int(25), random)
        await live(disk, world, random)
      }
      await recoverAndProve(disk.crash(), world)
    })
  }, 1_800_000)
})

describe('a disk that fails', () => {
  it('loses no acknowledged line, whatever call fails and however the process ends', async () => {
    await everySeed(async (seed) => {
      const random = seededRandom(seed + 2_000_000)
      const world = new World()
      let disk = new CrashDisk({ seed })
      for (let lives = 1 + random.int(3); lives > 0; lives--) {
        disk.fault = failuresNowAndThen(random)
        const life = await live(disk, world, random)
        disk.fault = undefined
        if (life && random.chance(0.3)) {
          await closeWithin(life.log.close(), life.timers)
        }
        disk = random.chance(0.7) ? disk.crash() : disk.kill()
        disk = await recoverAndProve(disk, world)
      }
      await recoverAndProve(disk.crash(), world)
    })
  }, 1_800_000)

  it('a full disk that empties again costs nothing', async () => {
    await everySeed(async (seed) => {
      const random = seededRandom(seed + 3_000_000)
      const world = new World()
      let disk = new CrashDisk({ seed, capacity: 2000 + random.int(20_000) })
      await live(disk, world, random)
      disk.capacity = Number.POSITIVE_INFINITY
      disk = random.chance(0.5) ? disk.crash() : disk.kill()
      await recoverAndProve(disk, world)
    })
  }, 1_800_000)
})

function powerCutAt(call: number, random: Random): (call: DiskCall) => Fault | undefined {
  return ({ n }) => (n === call ? { off: random.pick(['before', 'after']) } : undefined)
}

/** Every call may fail with a small chance: refused, done with the answer lost, or written in part. */
function failuresNowAndThen(random: Random): (call: DiskCall) => Fault | undefined {
  const chance = random.pick([0.01, 0.05, 0.3])
  return ({ op }) => {
    if (!random.chance(chance)) return undefined
    if (op === 'write' && random.chance(0.5)) return { short: random.int(600) }
    return random.pick<Fault>([{ error: 'EIO' }, { lost: 'EIO' }])
  }
}

async function closeWithin(closing: Promise<void>, timers: { advance(ms: number): void }): Promise<void> {
  let over = false
  closing.then(
    () => (over = true),
    () => (over = true),
  )
  for (let i = 0; i < 500 && !over; i++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    timers.advance(100)
  }
  expect(over).toBe(true)
}
