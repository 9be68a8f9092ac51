import { describe, expect, it } from 'vitest'
import { checkpointSigner } from '../../core/src/log/crypto.js'
import type { Log } from '../../core/src/log/log.js'
import { checkLog } from '../src/check-log.js'
import { CrashDisk, type DiskCall, failNth } from '../src/crash-disk.js'
import { turns } from '../src/manual-timers.js'
import { testKey } from '../src/test-key.js'
import { begin, type Life, prove, settleDown, World } from './sim.js'

const SEG = '/audit/shop-0/seg'
const segments = (disk: CrashDisk) => disk.list(SEG)!.sort()
const segment = (first: number) => `${SEG}/${String(first).padStart(20, '0')}.jsonl`
const sync = ({ op }: DiskCall) => op === 'sync'

/** Makes a log of so many lines, all under a checkpoint, and closes it. */
async function closedLog(
  lines: number,
  world = new World(),
  disk = new CrashDisk(),
): Promise<{ disk: CrashDisk; world: World }> {
  const life = begin(disk, world)
  await life.log.ready
  for (let left = lines; left > 0; left -= 10) {
    life.write(Math.min(10, left))
    await life.log.flush()
  }
  await end(life)
  return { disk, world }
}

async function end(life: Life): Promise<void> {
  await life.log.close()
}

async function reopened(disk: CrashDisk, world: World): Promise<{ life: Life; head: Awaited<Log['ready']> }> {
  const life = begin(disk, world)
  return { life, head: await life.log.ready }
}

/** Cuts the disk off at the last durable moment, with lines that no checkpoint covers and without closing. */
async function killedLog(signed: number, unsigned: number) {
  const { disk, world } = await closedLog(signed)
  const life = begin(disk, world, { key: { publicKey: testKey().publicKey, sign: () => unavailable() } })
  await life.log.ready
  life.write(unsigned, 1)
  await life.log.flush()
  return { disk: disk.kill(), world }
}

function unavailable(): never {
  throw new Error('the key is not available')
}

describe('segments', () => {
  it('a full segment ends at a multiple of 256 lines', async () => {
    const { disk, world } = await closedLog(0)
    const life = begin(disk, world)
    await life.log.ready
    life.write(600, 1)
    await life.log.checkpoint()
    await end(life)
    expect(segments(disk)).toEqual([segment(0), segment(256), segment(512)].map((path) => path.slice(SEG.length + 1)))
    expect(prove(disk, world).lines.length).toBe(600)
  })

  it('a log that is opened again goes on in its last segment', async () => {
    const { disk, world } = await closedLog(10)
    const { life, head } = await reopened(disk, world)
    expect(head).toMatchObject({ size: 10, signedSize: 10 })
    expect(head.recovered).toBeUndefined()
    life.write(5)
    await life.log.flush()
    await end(life)
    expect(segments(disk)).toHaveLength(1)
    expect(prove(disk, world).lines.length).toBe(15)
  })

  it('tiles of a log of many segments are those of its lines, also when they are made anew', async () => {
    const { disk, world } = await closedLog(0)
    const life = begin(disk, world)
    await life.log.ready
    life.write(5000, 1)
    await life.log.checkpoint()
    await end(life)
    prove(disk, world)
    for (const [name, damage] of Object.entries({
      'tile/0/001': () => Buffer.alloc(0),
      'tile/1/000.p/19': (bytes: Buffer) => Buffer.alloc(bytes.length, 7),
    })) {
      disk.tamper(`/audit/shop-0/${name}`, damage)
      const again = await reopened(disk, world)
      expect(again.head.size).toBe(5000)
      await end(again.life)
      prove(disk, world)
    }
  })
})

describe('a write or fsync that failed', () => {
  it('ends the life of its file: it is not written, synced or read again, and the lines go to a fresh one', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    const calls: DiskCall[] = []
    const failing = failNth(1, sync, { error: 'EIO' })
    disk.fault = (call) => {
      calls.push(call)
      return failing(call)
    }
    life.write(3)
    await turns()
    expect(life.log.state).toBe('failing')
    expect(world.acknowledged.length).toBe(10)
    const before = calls.length
    life.write(2)
    life.timers.advance(50)
    await turns()
    expect(life.log.state).toBe('writing')
    expect(calls.slice(before).filter(({ path }) => path === segment(0))).toEqual([])
    expect(segments(disk)).toEqual([segment(0), segment(10)].map((path) => path.slice(SEG.length + 1)))
    await end(life)
    expect(life.log.size).toBe(15)
  })

  it('leaves lines in two segments only until the log is opened again; then they stand in quarantine', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    disk.fault = failNth(1, sync, { error: 'EIO' })
    life.write(3)
    await turns()
    life.timers.advance(50)
    await settleDown(disk, life)
    await end(life)
    expect(() => prove(disk, world)).toThrow(/should begin at line 13/)
    const { life: next, head } = await reopened(disk, world)
    expect(head.size).toBe(13)
    expect(head.recovered).toMatchObject({ from: 13, to: 13 })
    expect(head.recovered!.quarantinedBytes).toBeGreaterThan(200)
    await end(next)
    expect(prove(disk, world).lines.length).toBe(13)
    expect(disk.readFile(`/audit/shop-0/quarantine/${head.recovered!.quarantine}`).toString().split('\n')).toHaveLength(
      4,
    )
  })

  it('while the disk fails on, nothing is acknowledged and nothing is lost', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    disk.fault = failNth(1, ({ op }) => op === 'write', { error: 'EIO' }, true)
    for (let i = 0; i < 40; i++) {
      life.write(1)
      life.timers.advance(500)
      await turns()
    }
    expect(life.log.health()).toMatchObject({ state: 'failing', size: 10, queuedRecords: 40 })
    expect(segments(disk).length).toBeLessThanOrEqual(2)
    disk.fault = undefined
    life.timers.advance(2000)
    await settleDown(disk, life)
    await end(life)
    const { life: next } = await reopened(disk, world)
    await end(next)
    expect(prove(disk, world).lines.length).toBe(50)
  })

  it('a history of checkpoints whose fsync failed is begun again in a fresh file', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    const history = '/audit/shop-0/checkpoints.log'
    const { ino } = disk.stat(history)!
    disk.fault = failNth(1, ({ op, path }) => op === 'sync' && path === history, { error: 'EIO' })
    life.write(3)
    const checkpoint = life.log.checkpoint()
    await turns()
    expect(life.log.state).toBe('failing')
    expect(life.log.size).toBe(13)
    life.timers.advance(50)
    await checkpoint
    expect(disk.stat(history)!.ino).not.toBe(ino)
    await end(life)
    expect(prove(disk.crash(), world, { tiles: false }).lines.length).toBe(13)
  })
})

describe('a full disk', () => {
  it('still takes the last words and a checkpoint over them, in the room that was kept', async () => {
    const disk = new CrashDisk()
    const world = new World()
    const life = begin(disk, world)
    await life.log.ready
    life.write(10)
    await life.log.checkpoint()
    disk.capacity = used(disk)
    life.write(3)
    await settleDown(disk, life, 60)
    expect(life.log.health()).toMatchObject({ size: 13, signedSize: 13, queuedRecords: 0 })
    const next = disk.kill()
    next.capacity = Number.POSITIVE_INFINITY
    const { life: again, head } = await reopened(next, world)
    expect(head).toMatchObject({ size: 13, signedSize: 13 })
    await end(again)
    prove(next, world)
  })

  it('takes the oldest lines of a flood, as many as the kept room holds', async () => {
    const disk = new CrashDisk()
    const world = new World()
    const life = begin(disk, world, {}, { ballastBytes: 64 * 1024, segmentBytes: 1e6 })
    await life.log.ready
    life.write(10)
    await life.log.checkpoint()
    disk.capacity = used(disk)
    life.write(1000, 500)
    await settleDown(disk, life, 150)
    expect(life.log.state).toBe('failing')
    expect(life.log.size).toBeGreaterThan(30)
    expect(life.log.signedSize).toBe(life.log.size)
    const next = disk.kill()
    next.capacity = Number.POSITIVE_INFINITY
    const { life: again, head } = await reopened(next, world)
    expect(head.size).toBe(life.log.size)
    await end(again)
    prove(next, world)
  })

  it('signs what lines took of that room, however often they come back for more', async () => {
    const disk = new CrashDisk()
    const world = new World()
    const life = begin(disk, world, {}, { ballastBytes: 64 * 1024, segmentBytes: 1e6 })
    await life.log.ready
    life.write(10)
    await life.log.checkpoint()
    disk.capacity = used(disk)
    for (let round = 0; round < 5; round++) {
      life.write(1000, 1)
      await settleDown(disk, life, 60)
      expect(life.log.signedSize).toBe(life.log.size)
      disk.capacity += 7000 // somebody frees a little, and short lines use it up to the last byte
    }
    expect(life.log.state).toBe('failing')
    expect(life.log.size).toBeGreaterThan(30)
    disk.capacity = Number.POSITIVE_INFINITY
    await settleDown(disk, life)
    expect(life.log.health()).toMatchObject({ state: 'writing', queuedRecords: 0 })
    await life.log.checkpoint()
    expect(disk.stat('/audit/shop-0/ballast'), 'the room is kept again').toMatchObject({ size: 64 * 1024 })
    await end(life)
    const { life: again } = await reopened(disk, world)
    await end(again)
    prove(disk, world)
  })

  it('keeps what it cannot write in memory until there is room', async () => {
    const disk = new CrashDisk()
    const world = new World()
    const life = begin(disk, world)
    await life.log.ready
    life.write(10)
    await life.log.checkpoint()
    disk.capacity = used(disk)
    life.write(500)
    await settleDown(disk, life, 100)
    expect(life.log.state).toBe('failing')
    expect(life.log.health().lastError?.message).toContain('the disk is full')
    expect(world.acknowledged.length).toBe(life.log.size)
    disk.capacity = Number.POSITIVE_INFINITY
    await settleDown(disk, life)
    expect(life.log.health()).toMatchObject({ state: 'writing', size: 510, queuedRecords: 0 })
    await end(life)
    const { life: next } = await reopened(disk, world)
    await end(next)
    prove(disk, world)
  })
})

function used(disk: CrashDisk): number {
  return Object.values(disk.snapshot('/')).reduce((sum, bytes) => sum + bytes.length, 0)
}

describe('a folder that is changed while the log is open', () => {
  const changed = async (change: (disk: CrashDisk) => void) => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    change(disk)
    life.write(3)
    await turns()
    const error = life.log.health().lastError
    life.timers.advance(50)
    await turns(20)
    return { disk, world, life, error }
  }

  it('a segment that was removed is noticed before the next line, which goes to a new one', async () => {
    const { life, error } = await changed((disk) => disk.remove(segment(0)))
    expect(error).toMatchObject({ code: 'TRAILPROOF_FOLDER_CHANGED', path: segment(0) })
    expect(life.log.health()).toMatchObject({ state: 'writing', size: 13 })
  })

  it('a segment that someone else has written to is not written to again', async () => {
    const { disk, world, life, error } = await changed((disk) =>
      disk.tamper(segment(0), (bytes) => Buffer.concat([bytes, Buffer.from('x\n')])),
    )
    expect(error).toMatchObject({ code: 'TRAILPROOF_FOLDER_CHANGED' })
    await end(life)
    const { life: next } = await reopened(disk, world)
    await end(next)
    expect(prove(disk, world).lines.length).toBe(13)
  })

  it('a folder that was replaced gets no line at all', async () => {
    const { life, error, disk } = await changed((disk) => {
      disk.rename('/audit/shop-0', '/audit/elsewhere')
      disk.makeFolder('/audit/shop-0')
    })
    expect(error).toMatchObject({ code: 'TRAILPROOF_FOLDER_CHANGED', path: '/audit/shop-0' })
    expect(life.log.health()).toMatchObject({ state: 'failing', size: 10, queuedRecords: 3 })
    expect(disk.list('/audit/shop-0')).toEqual([])
  })

  it('without its lock file nothing is written, since another process may hold the slot by now', async () => {
    const { life, error } = await changed((disk) => disk.remove('/audit/shop-0.lock'))
    expect(error).toMatchObject({ code: 'TRAILPROOF_FOLDER_CHANGED' })
    expect(life.log.health()).toMatchObject({ state: 'failing', queuedRecords: 3 })
  })
})

describe('what a crash leaves behind', () => {
  it('lines above the checkpoint are kept whole, whatever byte the file ends at and whatever fills it up', async () => {
    const { disk: template, world } = await killedLog(5, 3)
    const whole = template.readFile(segment(0))
    const signedBytes = bytesOfLines(whole, 5)
    for (let cut = signedBytes; cut <= whole.length; cut++)
      for (const zeros of cut % 16 === 0 ? [0, 1, 7, 512] : [0, 7]) {
        const disk = template.copy()
        const left = whole.subarray(0, cut)
        const lines = left.toString().split('\n').length - 1
        disk.tamper(segment(0), () => Buffer.concat([left, Buffer.alloc(zeros)]))
        const { life, head } = await reopened(disk, new World())
        const torn = cut + zeros - (left.lastIndexOf(10) + 1)
        expect([cut, zeros, head.size, head.signedSize, head.recovered?.quarantinedBytes ?? 0]).toEqual([
          cut,
          zeros,
          lines,
          5,
          torn,
        ])
        await end(life)
        const acknowledged = world.acknowledged.filter(({ index }) => index < lines)
        expect(checkLog('/audit/shop-0', { disk, tiles: true, acknowledged }).lines.length).toBe(lines)
      }
  })

  it('a torn tail that was put aside is told of until a checkpoint covers the record about it', async () => {
    const { disk, world } = await killedLog(5, 1)
    disk.tamper(segment(0), (bytes) => bytes.subarray(0, -3))
    const noKey = { key: { publicKey: testKey().publicKey, sign: () => unavailable() } }
    const first = begin(disk, new World(), noKey)
    const told = (await first.log.ready).recovered
    expect(told).toMatchObject({ from: 5, to: 5 })
    const killed = disk.kill()
    const second = begin(killed, new World())
    expect((await second.log.ready).recovered).toEqual(told)
    second.write(1)
    await second.log.flush()
    await end(second)
    const third = await reopened(killed, world)
    expect(third.head.recovered).toBeUndefined()
    await end(third.life)
  })

  it('a repair that is itself cut off, after whichever call, is taken up again and loses nothing', async () => {
    const { disk: before, world } = await closedLog(10)
    const life = begin(before, world)
    await life.log.ready
    life.write(3)
    await life.log.flush()
    await turns()
    expect(life.log.signedSize).toBe(13)
    const template = before.kill()
    // A crash that lost a sector of the history but not the next one, and tore the last line.
    template.tamper('/audit/shop-0/checkpoints.log', (bytes) => {
      const last = bytes.toString('latin1').lastIndexOf('shop/sim/shop-0\n')
      return Buffer.concat([bytes.subarray(0, last), Buffer.alloc(40), bytes.subarray(last)])
    })
    template.tamper(segment(0), (bytes) => Buffer.concat([bytes, Buffer.from('{"v":1,"se')]))
    for (let call = 1; ; call++) {
      for (const off of ['before', 'after'] as const) {
        const cut = template.copy()
        cut.fault = failNth(call, () => true, { off })
        try {
          await Promise.race([begin(cut, new World()).log.ready, turns(60)])
        } catch {} // the power went off in a call that answers at once
        if (!cut.isOff) return expect(call).toBeGreaterThan(10)
        const disk = cut.crash()
        const again = await reopened(disk, world)
        expect(again.head).toMatchObject({ size: 13, signedSize: 13 })
        await end(again.life)
        expect(prove(disk, world).lines.length).toBe(13)
      }
    }
  })

  it('a creation that was cut off is completed', async () => {
    const disk = new CrashDisk()
    disk.makeFolder('/audit')
    disk.makeFolder('/audit/shop-0')
    disk.makeFolder('/audit/shop-0/seg')
    disk.close(disk.open(segment(0), 'create'))
    const world = new World()
    const { life, head } = await reopened(disk, world)
    expect(head).toEqual({ size: 0, frontier: [], signedSize: 0 })
    life.write(3)
    await life.log.flush()
    await end(life)
    prove(disk, world)
  })
})

function bytesOfLines(bytes: Buffer, lines: number): number {
  let at = 0
  for (let i = 0; i < lines; i++) at = bytes.indexOf(10, at) + 1
  return at
}

describe('damage below the checkpoint', () => {
  const key = testKey()
  const swapLines = (bytes: Buffer) => {
    const lines = bytes.toString().split('\n')
    return Buffer.from([lines[1], lines[0], ...lines.slice(2)].join('\n'))
  }
  const cases: Record<string, { path: string; change: (bytes: Buffer) => Buffer; index?: number; problem: RegExp }> = {
    'a byte of a line was changed': {
      path: segment(0),
      change: (b) => flip(b, b.indexOf('e7"')),
      problem: /do not give the root/,
    },
    'a line was removed': {
      path: segment(0),
      change: (b) => b.subarray(bytesOfLines(b, 1)),
      index: 0,
      problem: /missing/,
    },
    'two lines were swapped': { path: segment(0), change: swapLines, index: 0, problem: /do not give the root/ },
    'the end was cut off': {
      path: segment(0),
      change: (b) => b.subarray(0, bytesOfLines(b, 15)),
      index: 15,
      problem: /missing/,
    },
    'the checkpoint is garbage': {
      path: '/audit/shop-0/checkpoint',
      change: () => Buffer.from('garbage'),
      problem: /checkpoint/,
    },
    'the checkpoint is empty': {
      path: '/audit/shop-0/checkpoint',
      change: () => Buffer.alloc(0),
      problem: /checkpoint/,
    },
    'the checkpoint bears a wrong signature': {
      path: '/audit/shop-0/checkpoint',
      change: (b) => flip(b, b.length - 8),
      problem: /checkpoint/,
    },
    'the checkpoint is of another log': {
      path: '/audit/shop-0/checkpoint',
      change: () => Buffer.from(checkpointSigner('other', key)(20, new Uint8Array(32))),
      problem: /checkpoint/,
    },
    'two checkpoints of one size have different roots': {
      path: '/audit/shop-0/checkpoints.log',
      change: (b) => Buffer.concat([b, Buffer.from(checkpointSigner('shop/sim/shop-0', key)(20, new Uint8Array(32)))]),
      problem: /two checkpoints of size 20/,
    },
    'log.vkey is garbage': {
      path: '/audit/shop-0/log.vkey',
      change: () => Buffer.from('garbage'),
      problem: /log.vkey/,
    },
  }
  for (const [name, { path, change, index, problem }] of Object.entries(cases))
    it(`leaves the folder as it is, and a new log that cites it is begun: ${name}`, async () => {
      const { disk } = await closedLog(20)
      disk.tamper(path, change)
      const before = disk.snapshot('/audit/shop-0')
      const world = new World()
      const { life, head } = await reopened(disk, world)
      expect(head).toMatchObject({ size: 0, signedSize: 0, previous: { problem: expect.stringMatching(problem) } })
      if (index !== undefined) expect(head.previous!.index).toBe(index)
      expect(head.previous!.checkpoint).toBe(disk.readFile('/audit/shop-0/checkpoint').toString())
      life.write(3)
      await life.log.flush()
      await end(life)
      expect(disk.snapshot('/audit/shop-0')).toEqual(before)
      expect(checkLog('/audit/shop-0.e2', { disk, tiles: true, acknowledged: world.acknowledged }).lines.length).toBe(3)
      const again = await reopened(disk, world)
      expect(again.head).toMatchObject({ size: 3, signedSize: 3 })
      expect(again.head.previous).toBeUndefined()
      await end(again.life)
    })

  it('the next log goes on citing until it has a line, and a damaged one of its own is followed by a third', async () => {
    const { disk } = await closedLog(20)
    disk.tamper(segment(0), (bytes) => bytes.subarray(10))
    for (let i = 0; i < 2; i++) {
      const { life, head } = await reopened(disk, new World())
      expect(head.previous).toMatchObject({ origin: 'shop/sim/shop-0', problem: expect.any(String) })
      await end(life)
    }
    const { life } = await reopened(disk, new World())
    life.write(3)
    await life.log.flush()
    await end(life)
    disk.tamper(segment(0).replace('shop-0', 'shop-0.e2'), (bytes) => bytes.subarray(10))
    const third = await reopened(disk, new World())
    expect(third.head.previous).toMatchObject({ index: 0 })
    await end(third.life)
    expect(disk.list('/audit')!.sort()).toEqual(['shop-0', 'shop-0.e2', 'shop-0.e3', 'shop-0.lock'])
  })

  it('a log of another key is not touched', async () => {
    const { disk } = await closedLog(20)
    const before = disk.snapshot('/audit/shop-0')
    const life = begin(disk, new World(), { key: testKey('other') })
    expect((await life.log.ready).previous).toMatchObject({
      origin: 'shop/sim/shop-0',
      problem: 'signed with another key',
    })
    await end(life)
    expect(disk.snapshot('/audit/shop-0')).toEqual(before)
  })

  it('a disk that cannot be read is not taken for a damaged log', async () => {
    const { disk, world } = await closedLog(20)
    const list = disk.list.bind(disk)
    disk.list = (path) => {
      if (path.endsWith('/seg')) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return list(path)
    }
    const life = begin(disk, world)
    await expect(life.log.ready).rejects.toMatchObject({ code: 'TRAILPROOF_FOLDER_UNWRITABLE' })
    expect(life.log.state).toBe('failing')
    life.write(1)
    disk.list = list
    life.timers.advance(50)
    await settleDown(disk, life)
    await end(life)
    expect(prove(disk, world).lines.length).toBe(21)
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = bytes[at]! ^ 1
  return bytes
}

describe('the end of a process', () => {
  it('everything queued is durable and signed before it ends, also when a write is under way', async () => {
    for (const turn of [0, 1, 2, 3, 4, 5]) {
      const { disk, world } = await closedLog(10)
      const life = begin(disk, world)
      await life.log.ready
      life.write(5)
      await turns(turn)
      life.write(5)
      expect(life.log.finishSync(1000)).toBe(true)
      expect(life.log.health()).toMatchObject({ state: 'closed', size: 20, signedSize: 20, queuedRecords: 0 })
      expect(prove(disk.crash(), world, { tiles: false }).lines.length).toBe(20)
    }
  })

  it('also when the log was still being opened', async () => {
    for (const turn of [0, 1, 2, 5]) {
      const { disk, world } = await closedLog(10)
      const life = begin(disk, world)
      life.write(5)
      await turns(turn)
      expect(life.log.finishSync(1000)).toBe(true)
      expect(prove(disk.crash(), world, { tiles: false }).lines.length).toBe(15)
    }
  })

  it('a write that fails in the last moment is made again elsewhere', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    life.write(5)
    await turns(1)
    disk.fault = failNth(1, sync, { error: 'EIO' })
    life.write(5)
    expect(life.log.finishSync(1000)).toBe(true)
    const next = disk.crash()
    const { life: again } = await reopened(next, world)
    await end(again)
    expect(prove(next, world).lines.length).toBe(20)
  })

  it('says so when it could not be done', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    life.write(5)
    disk.fault = failNth(1, ({ op }) => op === 'write', { error: 'EIO' }, true)
    expect(life.log.finishSync(1000)).toBe(false)
    expect(world.acknowledged.length).toBe(10)
  })
})

describe('a disk that hangs', () => {
  it('makes the log stalled, holds nothing up, and all is well when it answers again', async () => {
    const { disk, world } = await closedLog(10)
    const life = begin(disk, world)
    await life.log.ready
    let answer = () => {}
    const sync = disk.sync.bind(disk)
    disk.sync = (fd) => new Promise<void>((resolve, reject) => (answer = () => sync(fd).then(resolve, reject)))
    life.write(3)
    await turns()
    life.timers.advance(5000)
    expect(life.log.health()).toMatchObject({
      state: 'stalled',
      queuedRecords: 3,
      lastError: { code: 'TRAILPROOF_WRITE_TIMEOUT' },
    })
    life.write(3)
    disk.sync = sync
    answer()
    await turns()
    expect(life.log.health()).toMatchObject({ state: 'writing', size: 16, queuedRecords: 0 })
    await end(life)
    prove(disk, world)
  })
})
