// Break-glass: staff can sign in while the log is down, and everybody can see afterwards who decided it.
import { describe, expect, it, vi } from 'vitest'
import { coreOf } from '../../src/adapter.js'
import { Clock } from '../log/support.js'
import { errorOf, eventually, testAudit } from '../support.js'

const MINUTE = 60_000

async function down() {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const timers = new Clock()
  const t = testAudit({ policy: [{ events: '*', onFailure: 'refuse', waitAtMostMs: 50 }], timers, device: 'off' })
  const core = coreOf(t.audit)
  await t.audit.ready
  await t.audit.flush()
  t.writer.reject()
  const attempt = () => core.observe({ event: 'login.succeeded', hook: 'test' })
  expect(await attempt()).toBe('refuse')
  await eventually(() => core.failing())
  const told = async () => (await t.lines(true)).filter((line) => line.event === 'audit.override')
  return { ...t, core, timers, attempt, told, warn }
}

describe('an override', () => {
  it('lets go on what policy refuses, for its time and no longer, and is recorded with who, why and how many', async () => {
    const t = await down()
    const { until } = t.audit.override({ reason: 'disk of the log is full, OPS-12', by: { id: 'boss' }, minutes: 5 })
    expect(t.core.policyFor('login.succeeded').onFailure).toBe('continue')
    expect(await t.attempt()).toBe('go')
    expect(await t.attempt()).toBe('go')
    expect(await t.audit.record({ event: 'role.granted' })).toMatchObject({ state: 'queued' })
    expect(t.audit.health()).toMatchObject({
      status: 'red',
      override: {
        reason: 'disk of the log is full, OPS-12',
        until,
        requests: 3,
        events: { 'login.succeeded': 2, 'role.granted': 1 },
      },
    })
    expect(t.audit.health().problems.map(({ code }) => code)).toContain('audit.override')
    expect(t.warn).toHaveBeenCalledWith(expect.stringContaining(until), { type: 'TrailproofOverride' })
    await t.timers.advance(5 * MINUTE)
    expect(t.core.policyFor('login.succeeded').onFailure).toBe('refuse')
    expect(await t.attempt()).toBe('refuse')
    await expect(t.audit.record({ event: 'role.granted' })).rejects.toMatchObject({ code: 'TRAILPROOF_REFUSED' })
    expect(t.audit.health().override).toBeUndefined()

    t.writer.work()
    await t.audit.flush()
    const ref = await t.audit.actorRef({ id: 'boss' })
    expect((await t.told()).map(({ actor, severity, source, data }) => ({ actor, severity, source, data }))).toEqual([
      {
        actor: { ref, type: 'user' },
        severity: 5,
        source: 'audit',
        data: { state: 'begun', reason: 'disk of the log is full, OPS-12', minutes: 5, until },
      },
      {
        actor: { ref, type: 'user' },
        severity: 5,
        source: 'audit',
        data: {
          state: 'expired',
          reason: 'disk of the log is full, OPS-12',
          requests: 3,
          by_event: { 'login.succeeded': 2, 'role.granted': 1 },
        },
      },
    ])
  })

  it('can be ended early, is replaced by the next one, and ends with the audit', async () => {
    const t = await down()
    const first = t.audit.override({ reason: 'one', by: { id: 'a' }, minutes: 60 })
    const second = t.audit.override({ reason: 'two', by: { id: 'b' }, minutes: 60 })
    first.end() // over already
    expect(t.audit.health().override).toMatchObject({ reason: 'two' })
    second.end()
    second.end()
    expect(await t.attempt()).toBe('refuse')
    t.audit.override({ reason: 'three', by: { id: 'c' }, minutes: 60 })
    t.writer.work()
    await t.audit.flush()
    await t.audit.close()
    const states = t
      .raw()
      .map((line) => JSON.parse(line))
      .filter((line) => line.event === 'audit.override')
      .map(({ data }) => `${data.reason} ${data.state}`)
    expect(states).toEqual(['one begun', 'one replaced', 'two begun', 'two ended', 'three begun', 'three closed'])
  })

  it('counts a request once, whatever it did', async () => {
    const t = await down()
    t.audit.override({ reason: 'x', by: { id: 'a' }, minutes: 1 })
    const context = {
      events: new Set(),
      address: {},
      req: { headers: {} },
      secrets: { values: () => [] },
      gate: { holdUntil() {} },
      route: () => undefined,
    } as never
    for (const event of ['login.succeeded', 'session.created'])
      expect(await t.core.observe({ event, hook: 'test', context })).toBe('go')
    expect(t.audit.health().override).toMatchObject({
      requests: 1,
      events: { 'login.succeeded': 1, 'session.created': 1 },
    })
  })

  it('is recorded once there is room, also when the queue was full as it began', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const timers = new Clock()
    const t = testAudit({ limits: { queueRecords: 1 }, timers })
    await t.audit.ready
    await t.audit.flush()
    t.writer.hang()
    void coreOf(t.audit).observe({ event: 'token.issued', hook: 'test' })
    t.audit.override({ reason: 'x', by: { id: 'a' }, minutes: 1 }).end()
    t.writer.work()
    await coreOf(t.audit).observe({ event: 'login.failed', hook: 'test' })
    for (let i = 0; i < 5; i++) {
      await t.audit.flush()
      await timers.advance(1000)
    }
    const states = (await t.lines(true))
      .filter((line) => line.event === 'audit.override')
      .map(({ data }) => data!['state'])
    expect(states).toEqual(['begun', 'ended'])
  })

  it.each<[object | undefined, string[]]>([
    [undefined, ['by', 'reason', 'minutes']],
    [{}, ['by', 'reason', 'minutes']],
    [{ reason: 'x', minutes: 5 }, ['by']],
    [{ reason: 'x', by: {}, minutes: 5 }, ['by']],
    [{ by: { id: 'a' }, minutes: 5 }, ['reason']],
    [{ by: { id: 'a' }, reason: '  ', minutes: 5 }, ['reason']],
    [{ by: { id: 'a' }, reason: 'x'.repeat(501), minutes: 5 }, ['reason']],
    ...[undefined, 0, -1, 61, Number.NaN, Number.POSITIVE_INFINITY, '5'].map((minutes): [object, string[]] => [
      { by: { id: 'a' }, reason: 'x', minutes },
      ['minutes'],
    ]),
  ])('is refused for %j', async (request, paths) => {
    const t = testAudit()
    const error = await errorOf(() => t.audit.override(request as never))
    expect(error).toMatchObject({ code: 'TRAILPROOF_EVENT_INVALID', record: 'not-written' })
    expect((error['issues'] as { path: string }[]).map(({ path }) => path)).toEqual(paths)
    expect(t.audit.health().override).toBeUndefined()
    expect((await t.lines(true)).some((line) => line.event === 'audit.override')).toBe(false)
  })

  it('no variable of the environment begins one', async () => {
    for (const name of ['TRAILPROOF_OVERRIDE', 'TRAILPROOF_BREAK_GLASS']) vi.stubEnv(name, '1')
    expect(testAudit().audit.health().override).toBeUndefined()
    vi.unstubAllEnvs()
  })
})
