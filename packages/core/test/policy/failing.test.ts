// What the application sees when the log cannot write.
import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/adapter.js'
import { errorOf, eventually, testAudit } from '../support.js'

const observe = (t: ReturnType<typeof testAudit>, event = 'login.failed') =>
  coreOf(t.audit).observe({ event, hook: 'test' })

const policy = (onFailure: 'continue' | 'refuse', more = {}) => [{ events: '*', onFailure, waitAtMostMs: 50, ...more }]

describe.each(['reject', 'hang'] as const)('a log that would %s', (fault) => {
  it('under continue lets the request go on in time, turns health red, and makes nobody wait twice', async () => {
    const t = testAudit({ policy: policy('continue') })
    await t.audit.ready
    await t.audit.flush()
    t.writer[fault]()
    expect(await observe(t)).toBe('go')
    await eventually(() => t.audit.health().status === 'red')
    expect(t.audit.health().problems).toHaveLength(1)
    const slow = t.audit.health().slow
    for (let i = 0; i < 20; i++) expect(await observe(t)).toBe('go')
    expect(t.audit.health().slow).toBe(slow) // none of the twenty waited

    t.writer.work()
    await t.audit.flush()
    expect(await t.lines()).toHaveLength(21)
    expect(t.audit.health()).toMatchObject({ status: 'green', dropped: 0, slow })
    await eventually(() => slow === 0 || t.raw().some((line) => line.includes('audit.slow')))
    const told = (await t.lines(true)).filter((line) => line.event === 'audit.slow').map((line) => line.data)
    expect(told).toEqual(
      slow ? [{ waits: slow, by_event: { 'login.failed': slow }, longest_ms: expect.any(Number) }] : [],
    )
  })

  it('under refuse refuses, at once when the fault is known', async () => {
    const t = testAudit({ policy: policy('refuse') })
    await t.audit.ready
    await t.audit.flush()
    t.writer[fault]()
    expect(await observe(t)).toBe('refuse')
    await eventually(() => coreOf(t.audit).failing())
    expect(await observe(t)).toBe('refuse')
    t.writer.work()
    await t.audit.flush()
    await eventually(() => !coreOf(t.audit).failing())
    expect(await observe(t)).toBe('go')
  })
})

describe('a log that is slow to open', () => {
  it('delays no request for longer than it takes to see that it is slow', async () => {
    let open!: () => void
    const { Faulty } = await import('../support.js')
    const writer = new Faulty().openAfter(new Promise((resolve) => (open = resolve)))
    const t = testAudit({ writer, policy: policy('refuse') })
    expect(await observe(t)).toBe('refuse')
    await eventually(() => t.audit.health().status === 'red')
    expect(t.audit.health().problems).toEqual([
      { code: 'TRAILPROOF_WRITE_TIMEOUT', message: 'the log is still being opened' },
    ])
    const { slow } = t.audit.health()
    expect(await observe(t)).toBe('refuse')
    expect(t.audit.health().slow).toBe(slow)
    open()
    await t.audit.ready
    expect(await observe(t)).toBe('go')
    expect((await t.lines()).map((line) => line.event)).toEqual(['login.failed', 'login.failed', 'login.failed'])
  })
})

describe('a queue that is full', () => {
  it('drops and counts; what was lost is told in the log as soon as there is room', async () => {
    const t = testAudit({ policy: policy('continue', { wait: 'queued' }), limits: { queueRecords: 4 } })
    await t.audit.ready
    await t.audit.flush()
    t.writer.hang()
    for (let i = 0; i < 6; i++) await observe(t, 'token.verified')
    for (let i = 0; i < 2; i++) await observe(t, 'login.failed')
    expect(t.audit.health()).toMatchObject({
      status: 'red',
      dropped: 4,
      counts: { test: { seen: 8, recorded: 0, declared: 0, dropped: 4 } },
    })
    t.writer.work()
    await eventually(() => t.raw().some((line) => line.includes('audit.dropped')))
    const told = (await t.lines(true)).filter((line) => line.event === 'audit.dropped')
    expect(told.map((line) => line.data)).toEqual([{ by_event: { 'token.verified': 2, 'login.failed': 2 } }])
    const numbers = (await t.lines()).map((line) => line.n)
    expect(numbers).toEqual([1, 2, 3, 4])
  })

  it('refuses at once where policy refuses, also when it would not wait for the disk', async () => {
    const t = testAudit({ policy: policy('refuse', { wait: 'queued' }), limits: { queueRecords: 1 } })
    await t.audit.ready
    await t.audit.flush()
    t.writer.hang()
    expect(await observe(t)).toBe('go') // queued, and policy asks for no more
    expect(await observe(t)).toBe('refuse')
  })

  it('loses no count when there is no room for the telling either', async () => {
    const t = testAudit({ policy: policy('continue', { wait: 'queued' }), limits: { queueRecords: 1 } })
    await t.audit.ready
    await t.audit.flush()
    t.writer.hang()
    for (let i = 0; i < 3; i++) await observe(t)
    t.writer.work()
    await eventually(() => t.raw().some((line) => line.includes('audit.dropped')))
    const told = (await t.lines(true))
      .filter((line) => line.event === 'audit.dropped')
      .flatMap((line) => Object.values(line.data!['by_event'] as object))
    expect(told.reduce((a: number, b: number) => a + b, 0)).toBe(2)
  })
})

describe('what policy does not write', () => {
  it('is counted as declared, and leaves a gap in n', async () => {
    const t = testAudit()
    await observe(t, 'login.failed')
    await observe(t, 'authz.granted')
    await observe(t, 'login.failed')
    expect((await t.lines()).map(({ event, n }) => [event, n])).toEqual([
      ['login.failed', 1],
      ['login.failed', 3],
    ])
    expect(t.audit.health().counts).toEqual({ test: { seen: 3, recorded: 2, declared: 1, dropped: 0 } })
  })

  it('is not what a revoked token is told by', async () => {
    const t = testAudit({ policy: [{ events: 'token.verified', record: 'none' }] })
    await t.audit.tokenRevoked('a.b.c')
    await coreOf(t.audit).observe({ event: 'token.verified', hook: 'jwt', token: { value: 'a.b.c', verified: true } })
    expect((await t.lines()).map((line) => [line.event, line.outcome, line.severity])).toEqual([
      ['token.revoked', 'success', 2],
      ['token.reuse_detected', 'denied', 5],
    ])
  })
})

it('an observer never throws, whatever it is given', async () => {
  const t = testAudit({ policy: policy('refuse') })
  const hostile = {
    get event(): string {
      throw new Error('hostile')
    },
    hook: 'test',
  }
  expect(['go', 'refuse']).toContain(await coreOf(t.audit).observe(hostile as never))
  expect(await errorOf(() => t.audit.record(hostile as never))).toMatchObject({ code: 'TRAILPROOF_EVENT_INVALID' })
})
