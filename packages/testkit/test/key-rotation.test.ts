// A log goes from key to key on a disk that crashes at any call. Afterwards it is in one of two states: the old key is in
// force, or the next one; never one that nobody can open. The old key is thrown away as soon as that is allowed.
import { createHash } from 'node:crypto'
import { formatVkey } from '@trailproof/tlog'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../test/effort.js'
import type { Entry, LogKey, LogOptions } from '../../core/src/log/log.js'
import { checkLog } from '../src/check-log.js'
import { CrashDisk } from '../src/crash-disk.js'
import { type Random, seededRandom } from '../src/random.js'
import { testKey } from '../src/test-key.js'
import { begin, live, recoverAndProve, settleDown, World } from './sim.js'

const ORIGIN = 'shop/sim/shop-0'
const FOLDER = '/audit/shop-0'
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest()
const keys = ['first', 'second', 'third', 'fourth'].map(testKey)
const vkeys = keys.map(({ publicKey }) => formatVkey(sha256, ORIGIN, 1, publicKey))
const firstKey = keys[0]!.publicKey

interface Place {
  /** Local, or elsewhere, answering later and sometimes not at all. */
  remote?: Random
}

function keyOf(turn: number, world: World, { remote }: Place): LogKey {
  const { publicKey, sign } = keys[turn]!
  const signed = (message: Uint8Array) => {
    world.signed = Math.max(world.signed, Number(Buffer.from(message).toString().split('\n')[1]))
    return sign(message)
  }
  if (!remote) return { publicKey, sign: signed }
  return {
    publicKey,
    remote: { signEveryMs: 60_000, maxUnsignedMs: 900_000, maxUnsignedRecords: 100_000 },
    async sign(message) {
      for (let turns = remote.int(4); turns > 0; turns--) await new Promise<void>((next) => setImmediate(next))
      if (remote.chance(0.2)) throw new Error('the signer is away')
      return remote.chance(0.1) ? new Uint8Array(64) : signed(message)
    },
  }
}

/** As a process starts that has key `turn`, and the one before it while that is needed. */
function started(turn: number, previous: boolean, world: World, place: Place = {}): Partial<LogOptions> {
  return {
    key: keyOf(turn, world, place),
    previousKey: previous ? keyOf(turn - 1, world, place) : undefined,
    preamble: ({ previousKeySigns, recovered }) => [
      ...(recovered ? [entry({ event: 'audit.recovered', data: { from: recovered.from, to: recovered.to } })] : []),
      ...(previousKeySigns ? [rotation(turn)] : []),
      entry({ event: 'audit.started', n: world.made }),
    ],
  }
}

const entry = (record: object): Entry => ({
  event: 'own',
  body: JSON.stringify({ source: 'audit', ...record }).slice(1),
  bytes: 100,
  wait: 'durable',
  settled: () => {},
})

const rotation = (turn: number): Entry => ({
  ...entry({ event: 'audit.key_rotated', data: { previous: vkeys[turn - 1], next: vkeys[turn] } }),
  rotatesKey: true,
})

/** Who signed the synced checkpoint. */
function signerOf(disk: CrashDisk): number | undefined {
  if (!disk.list(FOLDER)?.includes('checkpoint')) return undefined
  const note = disk.readFile(`${FOLDER}/checkpoint`).toString('utf8')
  const id = Buffer.from(note.trimEnd().split(' ').at(-1)!, 'base64').toString('hex', 0, 4)
  return vkeys.findIndex((vkey) => vkey.split('+')[1] === id)
}

async function oneLife(disk: CrashDisk, options: Partial<LogOptions>, count: number, world = new World()) {
  const life = begin(disk, world, options)
  const head = await life.log.ready
  life.write(count)
  await settleDown(disk, life)
  await life.log.close()
  return head
}

describe('rotation', () => {
  it('the old key signs last over the record of its end, the next one all that follows', async () => {
    const disk = new CrashDisk()
    await oneLife(disk, started(0, false, new World()), 3)
    const head = await oneLife(disk, started(1, true, new World()), 3)
    expect(head).toMatchObject({ size: 4, previousKeySigns: true, firstKey })
    const { lines } = checkLog(FOLDER, { disk, publicKey: firstKey, tiles: true })
    expect(lines.map((line) => JSON.parse(line).event ?? 'x').join(' ')).toBe(
      'audit.started x x x audit.key_rotated audit.started x x x',
    )
    expect(disk.readFile(`${FOLDER}/log.vkey`).toString()).toBe(`${vkeys[0]}\n${vkeys[1]}\n`)
    expect(signerOf(disk)).toBe(1)
    // From here on the old key is not needed any more, and changes nothing while it is still there.
    expect(await oneLife(disk, started(1, false, new World()), 1)).not.toHaveProperty('previousKeySigns')
    expect(await oneLife(disk, started(1, true, new World()), 1)).not.toHaveProperty('previousKeySigns')
  })

  it('the checkpoint that handed a log over stays in its history however much is thinned out', async () => {
    const disk = new CrashDisk()
    await oneLife(disk, started(0, false, new World()), 3)
    await oneLife(disk, started(1, true, new World()), 3)
    const thin = { segmentRecords: 256, segmentBytes: 1e6, historyBytes: 1500 }
    const life = begin(disk, new World(), started(1, false, new World()), thin)
    await life.log.ready
    for (let i = 0; i < 60; i++) {
      life.write(10, 1)
      await life.log.checkpoint()
    }
    await life.log.close()
    expect(checkLog(FOLDER, { disk, publicKey: firstKey }).checkpoints).toBeLessThan(45)
  })

  it('a process that has only the key before is not let into the log', async () => {
    const disk = new CrashDisk()
    await oneLife(disk, started(0, false, new World()), 3)
    await oneLife(disk, started(1, true, new World()), 3)
    const head = await oneLife(disk, started(0, false, new World()), 1)
    expect(head.previous).toMatchObject({ kind: 'key', origin: ORIGIN })
  })

  it('nor one that has only the next key, before the log was handed over to it', async () => {
    const disk = new CrashDisk()
    await oneLife(disk, started(0, false, new World()), 3)
    const head = await oneLife(disk, started(1, false, new World()), 1)
    expect(head.previous).toMatchObject({ kind: 'key', problem: 'signed with another key' })
  })

  it('who has the old key in the folder of keys and steals it cannot have his tail signed', async () => {
    const [disk, before] = [new CrashDisk(), new CrashDisk()]
    for (const one of [disk, before]) await oneLife(one, started(0, false, new World()), 3)
    await oneLife(disk, started(1, true, new World()), 3)
    await oneLife(before, started(0, false, new World()), 30)
    for (const name of ['checkpoint', 'checkpoints.log'])
      disk.tamper(`${FOLDER}/${name}`, () => before.readFile(`${FOLDER}/${name}`))
    disk.tamper(`${FOLDER}/seg/00000000000000000000.jsonl`, () =>
      before.readFile(`${FOLDER}/seg/00000000000000000000.jsonl`),
    )
    const head = await oneLife(disk, started(1, true, new World()), 1)
    expect(head.previous).toMatchObject({ kind: 'key', problem: 'signed with a key that had been replaced' })
  })

  for (const where of ['here', 'elsewhere'] as const)
    it(`three rotations with power cuts at any moment end in one whole log, keys ${where}`, async () => {
      const seeds = Number(process.env['SEEDS'] ?? effort(20, 2000))
      const seen = { void: 0, cuts: 0 }
      for (let seed = Number(process.env['SEED'] ?? 1), last = seed + seeds; seed < last; seed++)
        await story(seed, where, seen).catch((cause) => {
          throw new Error(`seed ${seed}: ${cause.message}`, { cause })
        })
      expect(seen.cuts).toBeGreaterThan(seeds)
      expect(seen.void).toBeGreaterThan(0) // some cuts came between the record and its checkpoint
    }, 1_800_000)
})

async function story(seed: number, where: 'here' | 'elsewhere', seen: { void: number; cuts: number }): Promise<void> {
  const random = seededRandom(seed)
  const place = where === 'elsewhere' ? { remote: seededRandom(seed + 1) } : {}
  const world = new World()
  let disk = new CrashDisk({ seed })
  let turn = 0
  let previous = false
  for (let lives = 0; turn < 3 || previous; lives++) {
    if (lives > 60) throw new Error(`key ${turn} never came into force`)
    const off = disk.calls + 1 + random.int(random.pick([20, 60, 150]))
    if (lives < 25) disk.fault = ({ n }) => (n === off ? { off: random.pick(['before', 'after']) } : undefined)
    const life = await live(disk, world, random, started(turn, previous, world, place))
    if (lives >= 25 && life) await settleDown(disk, life)
    disk = random.chance(0.7) ? disk.crash() : disk.kill()
    seen.cuts++
    const inForce = signerOf(disk)
    if (previous && inForce === turn)
      previous = false // now the old key may be destroyed, and is
    else if (!previous && turn < 3 && inForce === turn && random.chance(0.6)) {
      turn++
      previous = true
    }
  }
  disk = await recoverAndProve(disk, world, {
    options: started(turn, previous, world),
    firstKey,
  })
  const { lines } = checkLog(FOLDER, { disk })
  seen.void += lines.filter((line) => JSON.parse(line).event === 'audit.key_rotated').length - 3
}
