// Retention on a disk that crashes: whatever step it is stopped at, the log is whole, nothing counts as missing that was not
// recorded as purged, and the next run finishes.
import { describe, expect, it } from 'vitest'
import { effort } from '../../../test/effort.js'
import { retain } from '../../core/src/writers/file/retain.js'
import type { Retained } from '../../core/src/writers/writer.js'
import { CrashDisk, type DiskCall, type Fault } from '../src/crash-disk.js'
import { turns } from '../src/manual-timers.js'
import { type Random, seededRandom } from '../src/random.js'
import { begin, type Life, prove, settleDown, World } from './sim.js'

const SEEDS = Number(process.env['SEEDS'] ?? effort(100, 10_000))
const FIRST = Number(process.env['SEED'] ?? 1)
const FOLDER = '/audit/shop-0'
const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 10, 23)
/** Line i was written so many days before NOW. */
const ageOf = (i: number) => Math.max(0, 600 - i)

/** Lines with a time that falls with their number, so that age picks a prefix. */
function writeAged(life: Life, world: World, count: number): void {
  for (let i = 0; i < count; i++) append(life, world, 'test', ageOf(world.made) * DAY_MS, {}, 'durable')
}

function append(
  { log }: Life,
  world: World,
  event: string,
  age: number,
  data: Record<string, unknown>,
  wait: 'durable' | 'checkpointed',
): Promise<{ origin: string; index: number; leafHash: string }> {
  const time = new Date(NOW - age).toISOString()
  const body = JSON.stringify({ id: `e${world.made++}`, time, event, source: 'audit', data }).slice(1)
  return new Promise((resolve, reject) => {
    const settled = (error: unknown, receipt: { origin: string; index: number; leafHash: string } | undefined) => {
      if (!receipt) return reject(error)
      world.acknowledged.push(receipt)
      resolve(receipt)
    }
    log.append({ event, body, bytes: body.length, wait, settled })
  })
}

/** Runs retention beside the log; undefined when the power went off meanwhile. */
async function purge(disk: CrashDisk, life: Life, world: World, olderThanDays: number): Promise<Retained | undefined> {
  let result: Retained | undefined
  let over = false
  const record = (data: Record<string, unknown>) =>
    append(life, world, 'audit.retention_purged', 0, data, 'checkpointed')
  retain({ disk, folder: FOLDER }, { olderThanDays, now: NOW, by: 'test', record }).then(
    (retained) => {
      result = retained
      over = true
    },
    () => (over = true),
  )
  for (let i = 0; i < 2000 && !over && !disk.isOff; i++) {
    await turns(1)
    if (i % 10 === 9) life.timers.advance(100)
  }
  return result
}

async function filled(disk: CrashDisk, world: World, lines: number): Promise<Life> {
  const life = begin(disk, world, {}, { segmentRecords: 256 })
  await life.log.ready
  for (let left = lines; left > 0; left -= 40) {
    writeAged(life, world, Math.min(40, left))
    await life.log.flush()
  }
  await life.log.checkpoint()
  return life
}

/** Opens what is left, as the next process does, and proves it. */
async function reopenAndProve(disk: CrashDisk, world: World): Promise<Life> {
  const life = begin(disk, world)
  const head = await life.log.ready
  if (head.previous) throw new Error(`a crash was taken for damage: ${head.previous.problem}`)
  if (head.size < world.signed) throw new Error(`${world.signed} lines were signed, ${head.size} are there`)
  writeAged(life, world, 2)
  await settleDown(disk, life)
  return life
}

function powerCutAt(call: number, random: Random): (call: DiskCall) => Fault | undefined {
  return ({ n }) => (n === call ? { off: random.pick(['before', 'after']) } : undefined)
}

function failuresNowAndThen(random: Random): (call: DiskCall) => Fault | undefined {
  const chance = random.pick([0.01, 0.05, 0.2])
  return ({ op }) => {
    if (!random.chance(chance)) return undefined
    if (op === 'write' && random.chance(0.5)) return { short: random.int(600) }
    return random.pick<Fault>([{ error: 'EIO' }, { lost: 'EIO' }])
  }
}

describe('retention', () => {
  it('removes whole segments that are old enough, and the rest proves as before', async () => {
    const world = new World()
    const disk = new CrashDisk()
    const life = await filled(disk, world, 560)
    const before = disk.list(`${FOLDER}/seg`)!.sort()
    const retained = await purge(disk, life, world, 200)
    // Line 400 is 200 days old; what is younger, and the segment it shares, stays.
    expect(retained?.purged).toMatchObject({ from: 0 })
    expect(retained!.purged!.to).toBeGreaterThan(200)
    expect(retained!.purged!.to).toBeLessThanOrEqual(400)
    const after = disk.list(`${FOLDER}/seg`)!.sort()
    expect(after.filter((name) => before.includes(name))).toEqual(before.slice(retained!.purged!.segments))
    await life.log.close()
    expect(prove(disk, world).begin).toBe(retained!.purged!.to)
    const again = await reopenAndProve(disk.kill(), world)
    await again.log.close()
  })

  it('survives a power cut at any step, and the next run finishes', async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++)
      await cutStory(seed).catch((error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
      })
  }, 3_600_000)

  it('survives a disk that fails now and then', async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++)
      await failStory(seed).catch((error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
      })
  }, 3_600_000)
})

/** Made once: each seed continues on a copy. */
let ready: { disk: CrashDisk; world: World } | undefined

async function start(seed: number): Promise<{ disk: CrashDisk; world: World; random: Random }> {
  if (!ready) {
    const world = new World()
    const disk = new CrashDisk()
    await (await filled(disk, world, 560)).log.close()
    ready = { disk, world }
  }
  const world = new World()
  world.acknowledged.push(...ready.world.acknowledged)
  world.signed = ready.world.signed
  world.made = ready.world.made
  return { disk: ready.disk.copy(), world, random: seededRandom(seed) }
}

async function cutStory(seed: number): Promise<void> {
  const { disk: first, world, random } = await start(seed)
  let disk = first
  for (let cuts = 1 + random.int(3); cuts > 0; cuts--) {
    const life = await reopenAndProve(disk, world)
    disk.fault = powerCutAt(disk.calls + 1 + random.int(110), random)
    await purge(disk, life, world, random.pick([100, 200, 300]))
    disk = random.chance(0.8) ? disk.crash() : disk.kill()
  }
  await finish(disk, world)
}

async function failStory(seed: number): Promise<void> {
  const { disk: first, world, random } = await start(seed)
  let disk = first
  for (let lives = 1 + random.int(2); lives > 0; lives--) {
    const life = await reopenAndProve(disk, world)
    disk.fault = failuresNowAndThen(random)
    await purge(disk, life, world, random.pick([100, 200, 300]))
    if (random.chance(0.3)) await purge(disk, life, world, 100)
    disk.fault = undefined
    disk = random.chance(0.7) ? disk.crash() : disk.kill()
  }
  await finish(disk, world)
}

async function finish(disk: CrashDisk, world: World): Promise<void> {
  const life = await reopenAndProve(disk, world)
  await purge(disk, life, world, 100)
  const { purged } = (await purge(disk, life, world, 100)) ?? {}
  if (purged) throw new Error('a second run found what the first had left')
  await life.log.close()
  const { begin: from } = prove(disk, world)
  if (from < 400) throw new Error(`only ${from} lines were purged in the end`)
  const next = disk.crash() // what was proved survives the next cut as well
  await (await reopenAndProve(next, world)).log.close()
  prove(next, world)
}
