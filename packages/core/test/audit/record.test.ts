// What `audit.record()` promises, with a log that works and with one that does not.
import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/adapter.js'
import { memoryKeys, type WaitFor } from '../../src/index.js'
import { errorOf, eventually, Faulty, testAudit } from '../support.js'

const quick = [{ events: '*', waitAtMostMs: 50 }]
const receipt = {
  id: expect.any(String),
  origin: expect.stringMatching(/^shop\/[\da-f]{12}\/shop-0$/),
  index: expect.any(Number),
  leafHash: expect.stringMatching(/^[\da-f]{64}$/),
}

async function broken(fault: 'reject' | 'hang', options = {}) {
  const t = testAudit({ policy: quick, ...options })
  await t.audit.ready
  await t.audit.flush()
  t.writer[fault]()
  return t
}

describe('a log that works', () => {
  it.each<[WaitFor | undefined, object]>([
    [undefined, { state: 'durable', ...receipt }],
    ['durable', { state: 'durable', ...receipt }],
    ['checkpointed', { state: 'checkpointed', ...receipt }],
    ['queued', { state: 'queued', id: receipt.id }],
  ])('waiting for %s gives its receipt', async (wait, expected) => {
    const t = testAudit()
    const said = await t.audit.record({ event: 'login.failed' }, wait ? { wait } : undefined)
    expect(said).toEqual(expected)
    const lines = await t.lines()
    expect(lines.map((line) => line.id)).toEqual([said.id])
    if (said.state !== 'queued') expect(said.index).toBe(lines[0]!.seq)
    if (wait === 'checkpointed') expect(t.writer.memory.logs[0]!.notes.length).toBeGreaterThan(0)
  })

  it('what the policy of an event would not wait for, the application still may', async () => {
    const t = testAudit()
    expect(await t.audit.record({ event: 'token.verified' })).toMatchObject({ state: 'durable' })
  })

  it('tokens and sessions are referred to, never written', async () => {
    const t = testAudit()
    await t.audit.tokenRevoked('head.body.sign', { reason: 'stolen' })
    await t.audit.tokenRevoked('jti-1')
    await t.audit.sessionEnded('session-1')
    const core = coreOf(t.audit)
    const lines = (await t.lines()).map(({ event, reason, source, token, session }) => ({
      event,
      reason,
      source,
      token,
      session,
    }))
    expect(lines).toEqual([
      {
        event: 'token.revoked',
        reason: 'stolen',
        source: 'app',
        token: { ref: core.tokenRef('head.body.sign'), verified: false },
        session: undefined,
      },
      {
        event: 'token.revoked',
        reason: undefined,
        source: 'app',
        token: { jti: core.tokenRef('jti jti-1'), verified: false },
        session: undefined,
      },
      {
        event: 'session.ended',
        reason: 'application',
        source: 'app',
        token: undefined,
        session: { ref: core.sessionRef('session-1') },
      },
    ])
    expect(t.raw().join('')).not.toMatch(/head\.body|jti-1|session-1/)
  })
})

describe.each(['reject', 'hang'] as const)('a log that would %s', (fault) => {
  it('by default the application goes on, and is told that the record is only queued', async () => {
    const t = await broken(fault)
    expect(await t.audit.record({ event: 'login.failed' })).toEqual({ id: receipt.id, state: 'queued' })
    await eventually(() => coreOf(t.audit).failing())
    const { slow } = t.audit.health()
    expect(await t.audit.record({ event: 'login.failed' })).toEqual({ id: receipt.id, state: 'queued' })
    expect(t.audit.health().slow).toBe(slow)
    t.writer.work()
    expect(await t.lines()).toHaveLength(2)
  })

  it.each(['durable', 'checkpointed'] as const)(
    'whoever waits for %s by name is told that nobody knows',
    async (wait) => {
      const t = await broken(fault)
      const error = await errorOf(() => t.audit.record({ event: 'login.failed' }, { wait }))
      expect(error).toMatchObject({ code: 'TRAILPROOF_WRITE_TIMEOUT', record: 'unknown', id: receipt.id })
      t.writer.work()
      expect((await t.lines()).map((line) => line.id)).toEqual([error['id']])
    },
  )

  it('queued is enough for who asks for no more', async () => {
    const t = await broken(fault)
    expect(await t.audit.record({ event: 'login.failed' }, { wait: 'queued' })).toEqual({
      id: receipt.id,
      state: 'queued',
    })
  })

  it('where policy refuses, it is an error that frameworks answer with 503', async () => {
    const t = await broken(fault, { policy: [{ events: '*', waitAtMostMs: 50, onFailure: 'refuse' }] })
    for (const wait of [undefined, 'durable'] as const)
      expect(await errorOf(() => t.audit.record({ event: 'login.failed' }, wait ? { wait } : {}))).toMatchObject({
        code: 'TRAILPROOF_REFUSED',
        status: 503,
        statusCode: 503,
        record: 'unknown',
        id: receipt.id,
      })
  })

  it('a full queue is never called queued', async () => {
    const t = await broken(fault, { limits: { queueRecords: 1 } })
    await t.audit.record({ event: 'login.failed' })
    await eventually(() => coreOf(t.audit).failing())
    // The request goes on, as policy says; the loss is counted, told, and turns health red.
    expect(await t.audit.record({ event: 'role.granted' })).toMatchObject({ state: 'dropped' })
    for (const wait of ['queued', 'durable', 'checkpointed'] as const)
      expect(await errorOf(() => t.audit.record({ event: 'role.granted' }, { wait })), wait).toMatchObject({
        code: 'TRAILPROOF_QUEUE_FULL',
        record: 'not-written',
      })
    t.writer.work()
    expect((await t.lines()).map((line) => line.event)).toEqual(['login.failed'])
    await eventually(() => t.raw().some((line) => line.includes('audit.dropped')))
    expect((await t.lines(true)).find((line) => line.event === 'audit.dropped')!.data).toEqual({
      by_event: { 'role.granted': 4 },
    })
    expect(t.audit.health()).toMatchObject({
      status: 'red',
      dropped: 4,
      counts: { app: { seen: 5, recorded: 1, declared: 0, dropped: 4 } },
    })
  })
})

describe('a closed audit', () => {
  it('says so, whatever one waits for; nothing is called queued', async () => {
    const t = testAudit()
    await t.audit.record({ event: 'login.failed' })
    await t.audit.close()
    expect(await t.audit.record({ event: 'login.failed' })).toMatchObject({ state: 'dropped' })
    for (const wait of ['queued', 'durable'] as const)
      expect(await errorOf(() => t.audit.record({ event: 'login.failed' }, { wait })), wait).toMatchObject({
        code: 'TRAILPROOF_CLOSED',
        record: 'not-written',
      })
    expect(t.raw().filter((line) => line.includes('login.failed'))).toHaveLength(1)
  })

  it('has written its last words, once, however often it is closed', async () => {
    const t = testAudit()
    await Promise.all([t.audit.close(), t.audit.close()])
    await t.audit.close()
    const events = t.raw().map((line) => (JSON.parse(line) as { event: string }).event)
    expect(events).toEqual(['audit.started', 'audit.heartbeat', 'audit.stopped'])
    expect(t.audit.health()).toMatchObject({ status: 'green', log: { state: 'closed', size: 3, signedSize: 3 } })
  })

  it('leaves no listener on the process, and gives its slot to the next', async () => {
    const listeners = () => ['exit', 'SIGTERM', 'SIGINT'].map((event) => process.listenerCount(event))
    const before = listeners()
    const writer = new Faulty()
    const keys = memoryKeys()
    const [one, two] = [testAudit({ writer, keys }), testAudit()]
    expect(listeners()).toEqual(before.map((count) => count + 1))
    await one.audit.close()
    expect(listeners()).toEqual(before.map((count) => count + 1))
    await two.audit.close()
    expect(listeners()).toEqual(before)
    const next = testAudit({ writer, keys })
    expect((await next.audit.ready).origin).toMatch(/\/shop-0$/)
  })

  it('undoes every hook, also when one of them cannot be undone', async () => {
    const t = testAudit()
    const undone: string[] = []
    const core = coreOf(t.audit)
    core.onDetach(() => undone.push('first'))
    core.onDetach(() => {
      throw new Error('stuck')
    })
    core.onDetach(() => undone.push('last')).detach()
    core.onDetach(() => undone.push('newest'))
    t.audit.detach()
    t.audit.detach()
    await t.audit.close()
    expect(undone).toEqual(['last', 'newest', 'first'])
  })
})

describe('the process', () => {
  it('has one pair of listeners for all copies of this library, or a signal would end nothing', async () => {
    const { vi } = await import('vitest')
    const t = testAudit()
    const before = process.listenerCount('SIGTERM')
    vi.resetModules()
    const copy = await import('../../src/index.js')
    const second = copy.createAudit({
      service: 'shop',
      writer: copy.memoryWriter(),
      keys: copy.memoryKeys(),
      heartbeatEveryMs: 0,
    })
    expect(process.listenerCount('SIGTERM')).toBe(before)
    await second.close()
    await t.audit.close()
    expect(process.listenerCount('SIGTERM')).toBe(before - 1)
  })

  it('an adapter that is given no audit says so', async () => {
    for (const wrong of [undefined, null, {}, 'audit'])
      expect(await errorOf(() => coreOf(wrong as never))).toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
  })
})

it('the first record tells the effective configuration, and no secret', async () => {
  const t = testAudit({ policy: [{ events: 'login.*', onFailure: 'refuse' }], device: 'off' })
  const { vkey, size } = await t.audit.ready
  const [started] = await t.lines(true)
  expect(started).toMatchObject({
    event: 'audit.started',
    source: 'audit',
    actor: { type: 'system' },
    data: {
      writer: { kind: 'faulty' },
      policy: [{ events: 'login.*', onFailure: 'refuse' }],
      device: { mode: 'off' },
      size,
    },
  })
  expect(vkey).toMatch(/^shop\/[\da-f]{12}\/shop-0\+[\da-f]{8}\+/)
})
