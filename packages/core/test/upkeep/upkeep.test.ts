// A process looks after its own log: verified daily, its place looked at weekly, and a restart neither repeats nor forgets it.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type AuditOptions, createAudit, fileWriter, folderReader, type LogRecord, verifyLog } from '../../src/index.js'
import { gentleReader } from '../../src/upkeep/gentle-reader.js'
import { Upkeep } from '../../src/upkeep/upkeep.js'
import { Clock } from '../log/support.js'
import { temporaryFolder, testAudit } from '../support.js'

const DAY = 86_400_000
const MORNING = Date.UTC(2026, 10, 23, 8)

function shop(root = temporaryFolder(), now = MORNING, more: Partial<AuditOptions> = {}) {
  const timers = new Clock()
  const begun = timers.now()
  const clock = { now: () => now + timers.now() - begun }
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(join(root, 'audit'), { ballastBytes: 0 }),
    keys: { dir: join(root, 'keys') },
    heartbeatEveryMs: 0,
    timers,
    clock,
    ...more,
  })
  onTestFinished(() => audit.close().catch(() => {}))
  const folder = join(root, 'audit', 'shop-0')
  const segment = join(folder, 'seg', `${'0'.repeat(20)}.jsonl`)
  const lines = () => {
    const text = readFileSync(segment, 'utf8')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogRecord & { seq: number })
  }
  const of = (...events: string[]) => lines().filter(({ event }) => events.includes(event))
  /** Moves the clock and waits until so many records of upkeep stand in the log. */
  const after = async (ms: number, count: number) => {
    await timers.advance(ms)
    await until(() => of('audit.verified', 'audit.integrity_failed', 'audit.storage_checked').length >= count)
  }
  return { audit, root, folder, segment, timers, lines, of, after }
}

async function until(holds: () => boolean) {
  for (let i = 0; i < 1500 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(holds()).toBe(true)
}

it('a log is verified when it is overdue and then once a day, its place is looked at once a week', async () => {
  const t = shop()
  await t.audit.ready
  await t.audit.flush()
  await t.audit.record({ event: 'login.failed' })
  await t.after(30_000, 2)
  const [verified] = t.of('audit.verified')
  const { size, root } = verified!.data as { size: number; root: string }
  const report = await verifyLog(folderReader(t.folder))
  expect([size >= 2, report.problems, verified!.outcome]).toEqual([true, [], 'success'])
  expect(verified!.data).toEqual({
    size,
    root,
    checkpoints: expect.any(Number),
    signed: expect.any(Number),
    trust: 'key',
    duration_ms: expect.any(Number),
  })
  const [stored] = t.of('audit.storage_checked')
  expect(stored!.data).toMatchObject({
    checks: { folder: 'ok', space: expect.any(String), keys: 'ok', mode: expect.stringMatching(/ok|warn/) },
    filesystem: expect.any(String),
    free_bytes: expect.any(Number),
    segments: 1,
    segment_bytes: expect.any(Number),
    tiles: expect.any(Number),
  })
  expect(t.audit.health().upkeep).toEqual({
    verified: '2026-11-23T08:00:30.000000Z',
    storage_checked: '2026-11-23T08:00:30.000000Z',
  })

  await t.timers.advance(8 * 3_600_000) // the same day: nothing is due
  expect(t.of('audit.verified')).toHaveLength(1)
  for (let day = 1; day <= 7; day++) await t.after(DAY, 2 + day + (day === 7 ? 1 : 0))
  expect([t.of('audit.verified').length, t.of('audit.storage_checked').length]).toEqual([8, 2])
})

it('a restart on the same day repeats nothing, whether the last process ended well or not', async () => {
  const first = shop()
  await first.audit.ready
  await first.audit.flush()
  await first.after(30_000, 2)
  await first.audit.close()
  const second = shop(first.root, MORNING + 3_600_000)
  await second.audit.ready
  await second.audit.flush()
  await second.timers.advance(30_000)
  await until(() => second.audit.health().upkeep !== 'none' && Object.keys(second.audit.health().upkeep).length === 2)
  await second.timers.advance(3_600_000)
  expect(second.of('audit.verified', 'audit.storage_checked')).toHaveLength(2)
  await second.audit.close()
  const nextDay = shop(first.root, MORNING + DAY)
  await nextDay.audit.ready
  await nextDay.audit.flush()
  await nextDay.after(30_000, 3)
  expect([nextDay.of('audit.verified').length, nextDay.of('audit.storage_checked').length]).toEqual([2, 1])
})

it('a record that somebody changed turns health red, and the log says so itself', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const t = shop()
  await t.audit.ready
  await t.audit.flush()
  for (let i = 0; i < 5; i++) await t.audit.record({ event: 'login.failed', tenant: 'one' })
  await t.audit.flush()
  const text = readFileSync(t.segment, 'utf8')
  writeFileSync(t.segment, text.replace('"tenant":"one"', '"tenant":"two"'))
  await t.after(30_000, 2)
  const [found] = t.of('audit.integrity_failed')
  expect(found).toMatchObject({ severity: 6, data: { by: 'verification', trust: 'key' } })
  expect(found!.data!['problems']).toEqual([{ kind: 'altered', index: 1, detail: expect.any(String) }])
  expect(t.of('audit.verified')).toEqual([])
  expect(t.audit.health()).toMatchObject({ status: 'red', problems: [{ code: 'TRAILPROOF_LOG_CORRUPT' }] })
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ code: 'TRAILPROOF_LOG_CORRUPT' }))
})

it('a folder that others may change, and keys that they may read, are failures', async () => {
  const t = shop()
  await t.audit.ready
  await t.audit.flush()
  chmodSync(t.folder, 0o777)
  chmodSync(join(t.root, 'keys', 'root.key'), 0o644)
  await t.after(30_000, 2)
  const [stored] = t.of('audit.storage_checked')
  expect(stored).toMatchObject({
    outcome: 'failure',
    data: { checks: { mode: 'fail', keys: 'fail', lock: expect.stringMatching(/ok|warn/) } },
  })
  expect((stored!.data!['found'] as string[]).join()).toContain('0777')
})

it('what cannot be done is told once, and tried again an hour later', async () => {
  const timers = new Clock()
  const told: unknown[][] = []
  const upkeep = new Upkeep({
    folder: join(temporaryFolder(), 'gone-0'),
    origin: 'shop/x/shop-0',
    keys: ['no key'],
    keysDir: undefined,
    timers,
    now: () => MORNING + timers.now(),
    own: (...args) => told.push(args) > 0,
  })
  onTestFinished(() => upkeep.close())
  await timers.advance(30_000)
  await until(() => told.length === 2)
  expect(told).toEqual([
    ['audit.verified', { error: expect.any(String) }, { outcome: 'error' }],
    ['audit.storage_checked', { error: expect.stringContaining('ENOENT') }, { outcome: 'error' }],
  ])
  expect(upkeep.last).toEqual({})
  await until(() => timers.waiting > 0)
  await timers.advance(3_500_000)
  await until(() => timers.waiting > 0)
  expect(told).toHaveLength(2)
  await timers.advance(100_000)
  await until(() => told.length === 4)
})

it('can be switched off, and a log that is not in a folder has none', async () => {
  const off = shop(undefined, MORNING, { upkeep: false })
  await off.audit.ready
  await off.audit.flush()
  await off.timers.advance(DAY)
  expect([off.audit.health().upkeep, off.of('audit.verified')]).toEqual(['none', []])
  const memory = testAudit({ timers: new Clock() })
  await memory.audit.ready
  expect(memory.audit.health().upkeep).toBe('none')
})

it('closing ends a verification under way, and nothing of it is written', async () => {
  const t = shop()
  await t.audit.ready
  await t.audit.flush()
  await t.timers.advance(30_000)
  await t.audit.close()
  const size = t.lines().length
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(t.lines()).toHaveLength(size)
  expect(t.lines().at(-1)!.event).toBe('audit.stopped')
})

it('a gentle reader brings the very same, in small pieces, with rests between', async () => {
  const t = shop(undefined, MORNING, { upkeep: false })
  await t.audit.ready
  await t.audit.flush()
  await Promise.all(Array.from({ length: 1200 }, () => t.audit.record({ event: 'login.failed' }, { wait: 'queued' })))
  await t.audit.close()
  const plain = folderReader(t.folder)
  const gentle = gentleReader(plain, new AbortController().signal)
  expect(await verifyLog(gentle)).toEqual(await verifyLog(plain))
  const all: { first: number; lines: number; bytes: string }[] = []
  for await (const { first, ends, bytes } of gentle.read(700))
    all.push({ first, lines: ends.length, bytes: Buffer.from(bytes).toString() })
  expect(all.every(({ lines }) => lines <= 256)).toBe(true)
  expect(all.flatMap(({ first, lines }) => [first, first + lines]).slice(1, -1)).toEqual(
    all.slice(1).flatMap(({ first }) => [first, first]),
  )
  expect(all.map(({ bytes }) => bytes).join('')).toBe(readFileSync(t.segment, 'utf8').split('\n').slice(700).join('\n'))
  const stop = new AbortController()
  stop.abort(new Error('over'))
  await expect(verifyLog(gentleReader(plain, stop.signal))).rejects.toThrow('over')
})
