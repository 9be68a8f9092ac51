// What policy counts instead of writing: every number is recorded, declared or dropped.
import { describe, expect, it } from 'vitest'
import { coreOf, type Observation } from '../../src/adapter.js'
import type { PolicyRule } from '../../src/index.js'
import { memoryKeys } from '../../src/index.js'
import { Clock } from '../log/support.js'
import { eventually, testAudit } from '../support.js'

const MINUTE = 60_000
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

function setUp(policy: PolicyRule[] = [], more = {}) {
  const timers = new Clock()
  const t = testAudit({ policy, timers, ...more })
  const core = coreOf(t.audit)
  const see = (event: string, o: Partial<Observation> = {}) => core.observe({ event, hook: 'test', ...o })
  const declared = async () => (await t.lines()).filter((line) => line.declared)
  return { ...t, core, see, timers, declared }
}

describe('a roll-up', () => {
  it('writes ten in full, then counts, and tells the count every ten seconds', async () => {
    const t = setUp()
    const actor = { id: 'u1' }
    for (let i = 0; i < 25; i++) await t.see('session.renewed', { session: 'the-session-id', actor })
    await t.see('login.failed')
    for (let i = 0; i < 5; i++) await t.see('session.renewed', { session: 'the-session-id', actor })
    expect((await t.lines()).map((line) => line.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 26])
    await t.timers.advance(10_000)
    const [told, ...others] = await t.declared()
    expect(others).toEqual([])
    const [first] = await t.lines()
    expect(told).toMatchObject({
      event: 'session.renewed',
      outcome: 'success',
      source: 'hook',
      hook: 'test',
      session: { ref: t.core.sessionRef('the-session-id') },
      actor: first!.actor!,
      declared: { by: 'rollup', count: 20, first_n: 11, last_n: 31, from: ISO, to: ISO, like: first!.id },
    })
    expect(told!.n).toBeUndefined()
    expect(t.audit.health().counts).toEqual({ test: { seen: 31, recorded: 11, declared: 20, dropped: 0 } })
    await t.timers.advance(10_000)
    expect(await t.declared()).toHaveLength(1) // nothing new, nothing told
    expect(t.raw().join('')).not.toContain('the-session-id')
  })

  it('begins anew with a full record after fifteen minutes', async () => {
    const t = setUp()
    for (let i = 0; i < 12; i++) await t.see('session.renewed', { session: 's1' })
    await t.timers.advance(15 * MINUTE - 1)
    await t.see('session.renewed', { session: 's1' })
    await t.timers.advance(1)
    await t.see('session.renewed', { session: 's1' })
    expect((await t.lines()).map((line) => line.n ?? line.declared!.count)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      2,
      1,
      14,
    ])
  })

  it('is kept apart by session, token, account, target, reason, address and browser', async () => {
    const t = setUp([{ events: 'resource.read', record: 'rollup' }])
    const context = (ip: string, userAgent: string) =>
      ({
        address: { ip, source: 'socket' },
        userAgent,
        req: { headers: {} },
        events: new Set(),
        secrets: { values: () => [] },
        route: () => undefined,
      }) as unknown as Observation['context']
    const kinds: Partial<Observation>[] = [
      {},
      { session: 's1' },
      { session: 's2' },
      { token: { value: 'a.b.c', verified: true } },
      { token: { jti: 'j1', verified: true } },
      { actor: { id: 'u1' } },
      { actor: { id: 'u2' } },
      { target: { type: 'invoice', id: 1 } },
      { target: { type: 'invoice', id: 2 } },
      { reason: 'x' },
      { context: context('192.0.2.1', 'a') },
      { context: context('192.0.2.2', 'a') },
      { context: context('192.0.2.1', 'b') },
    ]
    for (const kind of kinds) for (let i = 0; i < 11; i++) await t.see('resource.read', kind)
    await t.timers.advance(10_000)
    expect((await t.declared()).map((line) => line.declared!.count)).toEqual(kinds.map(() => 1))
  })

  it('never covers a failure, a denial or an error of the same name', async () => {
    const t = setUp([{ events: 'job.ran', record: 'rollup' }])
    for (const outcome of ['failure', 'denied', 'error'] as const)
      for (let i = 0; i < 12; i++) await t.see('job.ran', { outcome })
    for (let i = 0; i < 12; i++) await t.see('job.ran', { severity: 4 })
    expect(await t.lines()).toHaveLength(48)
  })

  it('is told in good order before the audit ends, and the last heartbeat counts it', async () => {
    const t = setUp()
    for (let i = 0; i < 13; i++) await t.see('session.renewed', { session: 's1' })
    await t.audit.close()
    const last = t.raw().slice(-3)
    expect(last.map((line) => JSON.parse(line).event)).toEqual(['session.renewed', 'audit.heartbeat', 'audit.stopped'])
    expect(JSON.parse(last[0]!).declared).toMatchObject({ count: 3, first_n: 11, last_n: 13 })
  })

  it('is not lost while the log has no room: it goes on counting', async () => {
    const t = setUp([], { limits: { queueRecords: 12 } })
    await t.audit.ready
    await t.audit.flush()
    for (let i = 0; i < 12; i++) await t.see('session.renewed', { session: 's1' })
    await t.audit.flush()
    t.writer.hang()
    for (let i = 0; i < 12; i++) await t.see('login.failed', {})
    await t.timers.advance(10_000) // no room to tell
    for (let i = 0; i < 3; i++) await t.see('session.renewed', { session: 's1' })
    t.writer.work()
    await t.audit.flush()
    await t.timers.advance(10_000)
    expect((await t.declared()).map((line) => line.declared!.count)).toEqual([5])
    const { seen, recorded, declared, dropped } = t.audit.health().counts['test']!
    expect(recorded + declared + dropped).toBe(seen)
  })

  it('holds ten thousand references; when one more comes the oldest is told', async () => {
    const t = setUp()
    for (let i = 0; i < 12; i++) void t.see('session.renewed', { session: 'oldest' })
    for (let i = 0; i < 10_000; i++) void t.see('session.renewed', { session: `s${i}` })
    expect((await t.declared()).map((line) => line.declared!.count)).toEqual([2])
  }, 120_000)

  it('under refuse goes on only while the log works', async () => {
    const t = setUp([{ events: '*', onFailure: 'refuse', waitAtMostMs: 50 }])
    await t.audit.ready
    for (let i = 0; i < 11; i++) expect(await t.see('session.renewed', { session: 's1' })).toBe('go')
    await t.audit.flush()
    t.writer.reject()
    expect(await t.see('login.failed')).toBe('refuse')
    await eventually(() => t.core.failing())
    expect(await t.see('session.renewed', { session: 's1' })).toBe('refuse')
  })
})

describe('a sample', () => {
  const policy = (rate: number): PolicyRule[] => [{ events: 'resource.read', record: 'sample', sample: { rate } }]

  it('writes its part, and declares the rest', async () => {
    const t = setUp(policy(0.25))
    for (let i = 0; i < 400; i++) await t.see('resource.read', { actor: { id: `u${i}` } })
    await t.timers.advance(10_000)
    const lines = await t.lines()
    const [told, ...others] = lines.filter((line) => line.declared)
    expect(others).toEqual([])
    const written = lines.length - 1
    expect(written).toBeGreaterThan(50)
    expect(written).toBeLessThan(150)
    expect(told!.declared).toMatchObject({ by: 'sample', rate: 0.25, count: 400 - written })
    expect(told!.actor).toBeUndefined()
  })

  it('keeps together what belongs together, and is chosen by a key that nobody outside has', async () => {
    const keys = memoryKeys()
    const chosen = async (given: object) => {
      const t = setUp(policy(0.5), { keys: given })
      for (let round = 0; round < 2; round++)
        for (let i = 0; i < 64; i++) await t.see('resource.read', { session: `s${i}` })
      const refs = (await t.lines()).flatMap((line) => (line.declared ? [] : [line.n! % 64]))
      expect(refs.slice(refs.length / 2)).toEqual(refs.slice(0, refs.length / 2))
      return refs
    }
    const first = await chosen(keys)
    expect(await chosen(keys)).toEqual(first)
    expect(await chosen(memoryKeys())).not.toEqual(first)
  })
})

it('what is not written at all is told in the heartbeat, by event, with its range', async () => {
  const t = setUp([{ events: ['authz.granted', 'page.seen'], record: 'none' }])
  for (let i = 0; i < 3; i++) await t.see('authz.granted')
  await t.see('login.failed')
  await t.see('page.seen')
  await t.see('authz.granted')
  await t.audit.close()
  const beat = t
    .raw()
    .map((line) => JSON.parse(line))
    .find((line) => line.event === 'audit.heartbeat')
  expect(beat.data.none).toEqual([
    { hook: 'test', event: 'authz.granted', count: 4, first_n: 1, last_n: 6, from: ISO, to: ISO },
    { hook: 'test', event: 'page.seen', count: 1, first_n: 5, last_n: 5, from: ISO, to: ISO },
  ])
  expect(beat.data.n).toBe(6)
})

it("more names than a record holds are told together, so that the heartbeat's counts stay whole", async () => {
  const t = setUp([{ events: 'x.*', record: 'none' }])
  for (let i = 0; i < 70; i++) await t.see(`x.a${i}`)
  await t.audit.close()
  const beat = t
    .raw()
    .map((line) => JSON.parse(line))
    .find((line) => line.event === 'audit.heartbeat')
  const counts = beat.data.none.map(({ count }: { count: number }) => count)
  expect(counts.reduce((a: number, b: number) => a + b, 0)).toBe(70)
  expect(beat.data.none.at(-1)).toMatchObject({ hook: 'other', event: 'other', count: 20 })
})

it('an application cannot declare anything', async () => {
  const t = setUp()
  await expect(t.audit.record({ event: 'x.y', declared: { count: 9 } } as never)).rejects.toMatchObject({
    code: 'TRAILPROOF_EVENT_INVALID',
  })
})
