// One process after the other writes to a disk that crashes. What was acknowledged in any life must be there in the end.
import { Log, type LogOptions } from '../../core/src/log/log.js'
import { fileWriter } from '../../core/src/writers/file/file-writer.js'
import { newestEpoch } from '../../core/src/writers/file/layout.js'
import type { Head } from '../../core/src/writers/writer.js'
import { checkLog } from '../src/check-log.js'
import type { CrashDisk } from '../src/crash-disk.js'
import { ManualTimers, turns } from '../src/manual-timers.js'
import type { Random } from '../src/random.js'
import { testKey } from '../src/test-key.js'

export interface Acknowledged {
  index: number
  leafHash: string
}

/** What the outside world has heard of the log. */
export class World {
  readonly acknowledged: Acknowledged[] = []
  /** Largest size that was ever signed. */
  signed = 0
  /** Entries made so far; each has its own number. */
  made = 0
}

export interface Life {
  log: Log
  timers: ManualTimers
  /** Appends so many entries; receipts go to the world. */
  write(count: number, padding?: number): void
}

const key = testKey()
const writerOptions = { segmentRecords: 256, segmentBytes: 4000, ballastBytes: 1024 }

/** A process starts; throws what createAudit would throw. */
export function begin(disk: CrashDisk, world: World, options: Partial<LogOptions> = {}, more = {}): Life {
  const timers = new ManualTimers()
  const signingKey = {
    publicKey: key.publicKey,
    sign(message: Uint8Array) {
      world.signed = Math.max(world.signed, Number(Buffer.from(message).toString().split('\n')[1]))
      return key.sign(message)
    },
  }
  const lease = fileWriter('/audit', { disk, ...writerOptions, ...more }).lease('shop')
  const log = new Log({
    lease,
    service: 'shop',
    key: signingKey,
    limits: { maxQueuedBytes: 1e6, maxQueuedRecords: 1e4 },
    stalledAfterMs: 5000,
    preamble: () => [],
    randomId: () => 'sim',
    timers,
    ...options,
  })
  const write = (count: number, padding = 40) => {
    for (let i = 0; i < count; i++)
      log.append({
        event: 'test',
        body: `"id":"e${world.made++}","padding":"${'x'.repeat(padding)}"}`,
        bytes: padding + 50,
        wait: world.made % 7 === 0 ? 'checkpointed' : 'durable',
        settled: (_error, receipt) => receipt && world.acknowledged.push(receipt),
      })
  }
  return { log, timers, write }
}

/** Lets a life go on until nothing is left to do, the power is off, or patience ends. */
export async function settleDown(disk: CrashDisk, { log, timers }: Life, patience = 200): Promise<void> {
  for (let i = 0; i < patience && !disk.isOff; i++) {
    await turns(1)
    if (i > 20) timers.advance(100)
    if (log.health().queuedRecords === 0 && log.signedSize === log.size && log.state !== 'opening' && i > 2) return
  }
}

/** A process with ups and downs; ends with the power off, or still running. */
export async function live(
  disk: CrashDisk,
  world: World,
  random: Random,
  options: Partial<LogOptions> = {},
): Promise<Life | undefined> {
  const life = attempt(() => begin(disk, world, options))
  if (!life) return undefined
  for (let bursts = random.int(12); bursts > 0 && !disk.isOff; bursts--) {
    life.write(1 + random.int(random.pick([3, 30])), random.pick([10, 100, 700]))
    await turns(random.int(5))
    if (random.chance(0.3)) life.timers.advance(random.pick([10, 60, 1000]))
    if (random.chance(0.05)) attempt(() => life.log.finishSync(1000))
  }
  if (random.chance(0.5)) await settleDown(disk, life)
  return life
}

/** Opens what a crash has left, goes on for a little, closes, and proves the whole log. */
export async function recoverAndProve(
  disk: CrashDisk,
  world: World,
  expected: { head?: (head: Head) => void; options?: Partial<LogOptions>; firstKey?: Uint8Array; tiles?: boolean } = {},
): Promise<CrashDisk> {
  const life = begin(disk, world, expected.options)
  const head = await life.log.ready
  expected.head?.(head)
  if (head.previous) throw new Error(`a crash was taken for damage: ${head.previous.problem}`)
  if (head.size < world.signed) throw new Error(`${world.signed} lines were signed, ${head.size} are there`)
  life.write(2)
  const checkpointed = life.log.checkpoint()
  await turns(2)
  await checkpointed
  await life.log.close()
  prove(disk, world, expected)
  return disk
}

/** checkLog, and: no entry stands twice. Tiles are derived, so right after a power cut they may be missing. */
export function prove(disk: CrashDisk, world: World, { tiles = true, firstKey = key.publicKey } = {}) {
  const epoch = newestEpoch('shop-0', disk.list('/audit')!)
  if (epoch !== 1) throw new Error(`the log was begun anew (epoch ${epoch})`)
  const checked = checkLog('/audit/shop-0', { disk, acknowledged: world.acknowledged, tiles, publicKey: firstKey })
  const ids = checked.lines.map((line) => JSON.parse(line).id as string | undefined).filter((id) => id !== undefined)
  if (new Set(ids).size !== ids.length) throw new Error('an entry stands twice')
  if (checked.syncedSize !== checked.begin + checked.lines.length)
    throw new Error('closing left lines without a checkpoint')
  return checked
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined // the power went off meanwhile
  }
}
