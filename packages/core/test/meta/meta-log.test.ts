// A meta-log over real logs: what happens to them afterwards, on disk, is found in the next round.
import { type KeyObject, sign } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Audit,
  createAudit,
  fileWriter,
  type KeyOptions,
  type MetaLogOptions,
  memoryKeys,
  metaCheckpoints,
  openMetaLog,
  type Round,
  readLog,
  verifyRoot,
} from '../../src/index.js'
import { errorOf, temporaryFolder } from '../support.js'

const MINUTE = 60_000

/** A root folder with logs in it, a meta-log over them, and a clock that can be put forward. */
function scene(keys: KeyOptions = memoryKeys()) {
  const root = temporaryFolder()
  const metaKeys = memoryKeys()
  let ahead = 0
  const open = async (options: Partial<MetaLogOptions> = {}) => {
    const clock = { now: () => Date.now() + ahead }
    const meta = await openMetaLog({ roots: [root], keys: metaKeys, clock, ...options })
    onTestFinished(() => meta.close())
    return meta
  }
  return {
    root,
    open,
    forward: (ms: number) => {
      ahead += ms
    },
    /** One round of a collector that is started for it, as cron does. */
    async once(options: Partial<MetaLogOptions> = {}): Promise<Round> {
      const meta = await open(options)
      const round = await meta.round()
      await meta.close()
      return round
    },
    async start(service = 'shop', more: KeyOptions = keys): Promise<Audit> {
      const audit = createAudit({ service, writer: fileWriter(root), keys: more, heartbeatEveryMs: 0 })
      onTestFinished(() => audit.close().catch(() => {}))
      await audit.ready
      await grow(audit)
      return audit
    },
    folder: (name: string) => join(root, name),
    /** What the meta-log says, without what it says of itself. */
    async records() {
      const found: [string, unknown][] = []
      for await (const { bytes } of readLog(join(root, 'meta-0'))) {
        const { event, data } = JSON.parse(Buffer.from(bytes).toString())
        const told = data?.by === 'meta' || /seen|process_|finding/.test(event)
        if (told) found.push([event, data.kind ?? data.judged])
      }
      return found
    },
  }
}

async function grow(audit: Audit, count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await audit.record({ event: 'admin.action', data: { i } })
  await audit.flush()
}

/** Replaces the newest checkpoint by another one that the first key of the log has signed. */
function forge(dir: string, keys: KeyOptions, change: (size: number, root: string) => [number, string]): void {
  const path = join(dir, 'checkpoint')
  const [origin, size, root] = readFileSync(path, 'utf8').split('\n')
  const text = `${[origin, ...change(Number(size), root!)].join('\n')}\n`
  const id = readFileSync(join(dir, 'log.vkey'), 'utf8').split('+')[1]!
  const signature = Buffer.concat([Buffer.from(id, 'hex'), sign(null, Buffer.from(text), keys.signing as KeyObject)])
  writeFileSync(path, `${text}\n\u2014 ${origin} ${signature.toString('base64')}\n`)
}

const kinds = ({ findings }: Round) => findings.map(({ kind }) => kind).sort()

describe('a meta-log over two processes', () => {
  it('records each checkpoint once, as its log grows, and finds nothing wrong', async () => {
    const { once, start, records, root } = scene()
    const [first, second] = [await start(), await start()]
    const round = await once()
    expect(round.findings).toEqual([])
    expect(round.logs.map(({ folder, ok }) => [folder, ok])).toEqual([
      ['shop-0', true],
      ['shop-1', true],
    ])
    await once()
    await grow(second)
    await once()
    expect(await records()).toEqual([
      ['audit.checkpoint_seen', 'first_seen'],
      ['audit.checkpoint_seen', 'first_seen'],
      ['audit.checkpoint_seen', 'consistent'],
    ])
    await first.close()
    await second.close()
    const { ok, logs } = await verifyRoot(root)
    expect([ok, logs.map(({ name }) => name)]).toEqual([true, ['meta-0', 'shop-0', 'shop-1']])
  })

  it('finds a process that falls silent, once when it begins and once when it ends, across restarts', async () => {
    const { once, start, forward, records, open } = scene()
    const [first, second] = [await start(), await start()]
    await once()
    await first.close() // in good order: it may be quiet from now on
    await once()
    forward(4 * MINUTE)
    const silent = await once()
    expect(silent.findings.map(({ kind, folder }) => [kind, folder])).toEqual([['silent', 'shop-1']])
    expect(silent.began).toEqual(silent.findings)
    const again = await once()
    expect([again.findings, again.began, again.ended]).toEqual([silent.findings, [], []])
    await grow(second)
    const meta = await open()
    expect(await meta.round()).toMatchObject({ findings: [], began: [], ended: [{ kind: 'silent' }] })
    expect(await meta.round()).toMatchObject({ findings: [], began: [], ended: [] })
    expect((await records()).filter(([event]) => event !== 'audit.checkpoint_seen')).toEqual([
      ['audit.process_silent', 'silent'],
      ['audit.finding_ended', 'silent'],
    ])
  })

  it('takes no record that claims to be of the future for a sign of life, for ever', async () => {
    const { once, root, forward } = scene()
    const year2100 = { now: () => Date.UTC(2100, 0) }
    const audit = createAudit({
      service: 'shop',
      writer: fileWriter(root),
      keys: memoryKeys(),
      heartbeatEveryMs: 0,
      clock: year2100,
    })
    onTestFinished(() => audit.close())
    await audit.ready
    await grow(audit)
    await once()
    await grow(audit)
    expect(kinds(await once())).toEqual([])
    forward(4 * MINUTE)
    expect(kinds(await once())).toEqual(['silent'])
  })

  it('misses a log whose folder was deleted, and says so no more when it is back or declared as retired', async () => {
    const { once, start, folder, root } = scene()
    const audit = await start()
    await start()
    await audit.close()
    const { logs } = await once()
    renameSync(folder('shop-0'), join(temporaryFolder(), 'gone'))
    const round = await once()
    expect(round.findings).toMatchObject([{ kind: 'missing', folder: 'shop-0', log: logs[0]!.log }])
    expect(round.findings[0]!.known).toContain(`${logs[0]!.log}\n`)
    expect(kinds(await once({ retired: [logs[0]!.log] }))).toEqual([])
    const against = await metaCheckpoints(join(root, 'meta-0'))
    const { ok, logs: verified } = await verifyRoot(root, { against })
    expect([ok, verified.flatMap(({ problems }) => problems.map(({ kind }) => kind))]).toEqual([false, ['rolled_back']])
  })
})

describe('a log that takes back what it has signed', () => {
  it('is rolled back when an older copy of its folder is put in its place; verify finds it by the meta-log', async () => {
    const { once, start, folder, root } = scene()
    const audit = await start()
    const old = join(temporaryFolder(), 'old')
    cpSync(folder('shop-0'), old, { recursive: true })
    await grow(audit)
    await audit.close()
    const { logs } = await once()
    rmSync(folder('shop-0'), { recursive: true })
    cpSync(old, folder('shop-0'), { recursive: true })
    const round = await once()
    expect(round.findings).toMatchObject([{ kind: 'rolled_back', log: logs[0]!.log }])
    expect(round.findings[0]!.known).not.toBe(round.findings[0]!.found)
    expect(kinds(await once())).toEqual(['rolled_back'])
    expect((await verifyRoot(root)).ok).toBe(true) // nothing in the folder shows it
    const against = await metaCheckpoints(join(root, 'meta-0'))
    const verified = await verifyRoot(root, { against })
    expect(verified.logs.flatMap(({ name, problems }) => problems.map(({ kind }) => [name, kind]))).toEqual([
      ['shop-0', 'rolled_back'],
    ])
  })

  it('is forked when it went on from an older copy to a larger size, with a key that is right', async () => {
    const { once, start, folder } = scene()
    const audit = await start()
    await audit.close()
    const old = join(temporaryFolder(), 'old')
    cpSync(folder('shop-0'), old, { recursive: true })
    const second = await start()
    await grow(second)
    await second.close()
    await once()
    rmSync(folder('shop-0'), { recursive: true })
    cpSync(old, folder('shop-0'), { recursive: true })
    const other = await start()
    await grow(other, 40)
    await other.close()
    const round = await once()
    expect(kinds(round)).toEqual(['forked'])
    expect(round.findings[0]).toMatchObject({ known: expect.any(String), found: expect.any(String) })
    expect(kinds(await once())).toEqual(['forked'])
  })

  it('is corrupt when the checkpoint signs what the lines do not give', async () => {
    const { once, start, folder } = scene()
    const audit = await start()
    await once()
    await grow(audit)
    await audit.close()
    const path = join(folder('shop-0'), 'seg', '00000000000000000000.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"i":1', '"i":7'))
    rmSync(join(folder('shop-0'), 'tile'), { recursive: true })
    expect(kinds(await once())).toEqual(['corrupt'])
  })

  it('is not believed when its signature, its key or its checkpoint is wrong', async () => {
    const { once, start, folder, forward } = scene()
    const audit = await start()
    await once()
    await grow(audit)
    await audit.close()
    const path = join(folder('shop-0'), 'checkpoint')
    const note = readFileSync(path, 'utf8')
    const [origin, size, root, , signature] = note.split('\n')
    writeFileSync(path, [origin, Number(size) + 1, root, '', signature, ''].join('\n'))
    expect(kinds(await once())).toEqual(['bad_signature'])
    writeFileSync(path, 'x')
    const garbled = await once()
    expect(garbled.findings).toMatchObject([{ kind: 'unreadable', log: origin }])
    expect(garbled.ended).toMatchObject([{ kind: 'bad_signature', log: origin }])
    writeFileSync(path, note)
    forward(MINUTE)
    expect(kinds(await once())).toEqual([])
    expect(kinds(await once({ expect: [], logKeys: [] }))).toEqual([])
  })

  it('may change its key by a hand-over that the old key has signed, and by nothing else', async () => {
    const [old, next] = [memoryKeys(), memoryKeys()]
    const { once, start, root } = scene(old)
    const audit = await start()
    await audit.close()
    await once()
    const handed = await start('shop', { ...old, signing: next.signing, previousSigning: old.signing as never })
    await handed.close()
    const round = await once()
    expect([kinds(round), round.logs[0]!.folder]).toEqual([[], 'shop-0'])
    // Who holds the old key still, and signs a larger log with it.
    forge(join(root, 'shop-0'), old, (size, root) => [size + 5, root])
    expect(kinds(await once())).toEqual(['wrong_key'])
  })
})

describe('a checkpoint that lies, under a signature that is right', () => {
  const other = Buffer.alloc(32, 7).toString('base64')

  it('is forked when it gives another root to a size that was recorded', async () => {
    const keys = memoryKeys()
    const { once, start, folder } = scene(keys)
    await (await start()).close()
    await once()
    forge(folder('shop-0'), keys, (size) => [size, other])
    expect(kinds(await once())).toEqual(['forked'])
  })

  it('is corrupt when it covers more than there is, also at first sight', async () => {
    const keys = memoryKeys()
    const { once, start, folder, root } = scene(keys)
    await (await start()).close()
    forge(folder('shop-0'), keys, (size) => [size + 1, other])
    expect(kinds(await once())).toEqual(['corrupt'])
    expect(await errorOf(() => metaCheckpoints(join(root, 'meta-0')))).toMatchObject({
      code: 'TRAILPROOF_LOG_NOT_FOUND',
    })
  })
})

it('no line that somebody puts behind the signed ones is a sign of life, or of a stop', async () => {
  const { once, start, folder, forward } = scene()
  await start()
  await once()
  forward(4 * MINUTE)
  const time = new Date(Date.now() + 4 * MINUTE).toISOString()
  for (const [seq, event] of ['audit.heartbeat', 'audit.stopped'].entries())
    appendFileSync(
      join(folder('shop-0'), 'seg', '00000000000000000000.jsonl'),
      `${JSON.stringify({ v: 1, seq, time, event, source: 'audit' })}\n`,
    )
  expect(kinds(await once())).toEqual(['silent'])
})

describe('what is expected', () => {
  it('comes from outside: too few processes, a log that was never there, and one that nobody expects', async () => {
    const { once, start } = scene()
    const audit = await start()
    await start('intern')
    const { logs } = await once()
    const [intern, shop] = logs.map(({ log }) => log)
    expect((await once({ expect: ['shop:2', 'intern:1'] })).findings).toMatchObject([
      { kind: 'missing', log: 'shop:2', detail: '1 of 2 processes of service shop are alive' },
    ])
    const round = await once({ expect: [`# two lines\n${shop}\nshop/0123/shop-7`] })
    expect(round.findings.map(({ kind, log }) => [kind, log]).sort()).toEqual([
      ['missing', 'shop/0123/shop-7'],
      ['unexpected', intern],
    ])
    expect(round.ended).toMatchObject([{ kind: 'missing', log: 'shop:2' }])
    await audit.close()
    expect(kinds(await once({ expect: ['shop:1'] }))).toEqual(['missing']) // stopped in good order, and still expected
  })

  it('names the key that a log must be signed with', async () => {
    const { once, start } = scene()
    const audit = await start()
    const { vkey } = await audit.ready
    expect(kinds(await once({ expect: [vkey] }))).toEqual([])
    const other = scene()
    const impostor = await other.start()
    const stranger = (await impostor.ready).vkey
    const publicKey = vkey.split('+').slice(2).join('+')
    const raw = Buffer.from(publicKey, 'base64').subarray(1).toString('base64')
    expect(kinds(await other.once({ logKeys: [raw] }))).toEqual(['wrong_key'])
    expect(kinds(await other.once({ expect: [stranger] }))).toEqual([])
  })

  it('is refused when it is nothing to expect', async () => {
    const { open } = scene()
    for (const wrong of ['shop', 'shop:', ':2', 'shop:-1', 'a b/c'])
      expect(await errorOf(() => open({ expect: [wrong] }))).toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
    expect(await errorOf(() => open({ expect: ['a/b+c+d'] }))).toMatchObject({ code: 'TRAILPROOF_KEY_INVALID' })
    expect(await errorOf(() => open({ roots: [] }))).toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
    expect(await errorOf(() => open({ silentAfter: 5 } as never))).toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
  })
})

describe('the meta-log itself', () => {
  it('records what it knows again once a day, of logs that are gone as well, so that it may be purged', async () => {
    const { once, start, folder, forward, records } = scene()
    await (await start()).close()
    await once()
    rmSync(folder('shop-0'), { recursive: true })
    for (let hours = 0; hours < 30; hours += 10) {
      forward(10 * 60 * MINUTE)
      expect(kinds(await once())).toEqual(['missing'])
    }
    expect(await records()).toEqual([
      ['audit.checkpoint_seen', 'first_seen'],
      ['audit.process_missing', 'missing'],
      ['audit.checkpoint_seen', 'as_before'],
    ])
  })

  it('is kept by one process at a time', async () => {
    const { open } = scene()
    await open()
    expect(await errorOf(() => open())).toMatchObject({ code: 'TRAILPROOF_FOLDER_UNWRITABLE' })
  })

  it('forgets nothing when it is found damaged: the one that follows reads it back', async () => {
    const { once, start, folder } = scene()
    const audit = await start()
    await audit.close()
    await once()
    const path = join(folder('meta-0'), 'checkpoint')
    rmSync(path)
    rmSync(join(folder('meta-0'), 'checkpoints.log'))
    mkdirSync(path)
    appendFileSync(join(folder('meta-0'), 'seg', '00000000000000000000.jsonl'), 'x\n')
    rmSync(folder('shop-0'), { recursive: true })
    expect(kinds(await once())).toEqual(['missing'])
  })

  it('watches several roots, and may be kept apart from all of them', async () => {
    const [one, two] = [scene(), scene()]
    await one.start()
    await two.start('intern')
    const folder = temporaryFolder()
    const round = await one.once({ roots: [one.root, two.root, join(two.root, 'none')], folder })
    expect(round.logs.map(({ folder }) => folder)).toEqual(['shop-0', 'intern-0'])
    expect(await metaCheckpoints(join(folder, 'meta-0'), round.logs[1]!.log)).toHaveLength(1)
    rmSync(one.root, { recursive: true, force: true })
    expect(kinds(await one.once({ roots: [one.root, two.root], folder }))).toEqual(['missing'])
  })
})
