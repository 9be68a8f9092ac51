// Whatever an application hands over, the log gets one bounded line of JSON, in the order of DESIGN section 4.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coreOf, openContext } from '../../src/adapter.js'
import type { LogRecord } from '../../src/event/log-record.js'
import { bodyOf, MAX_LINE_BYTES, type RecordText } from '../../src/event/long-line.js'
import { plainMembers } from '../../src/event/plain.js'
import { errorOf, testAudit } from '../support.js'

const ORDER = [
  'v',
  'seq',
  'id',
  'time',
  'event',
  'outcome',
  'severity',
  'reason',
  'source',
  'hook',
  'n',
  'actor',
  'target',
  'auth',
  'session',
  'token',
  'client',
  'http',
  'trace',
  'service',
  'tenant',
  'data',
  'truncated',
]

const circular = () => {
  const a: Record<string, unknown> = { name: 'a' }
  a['self'] = a
  a['list'] = [a]
  return a
}
const shared = (depth: number): unknown => {
  let value: unknown = 'x'.repeat(2048)
  for (let i = 0; i < depth; i++) {
    const below = value
    value = Object.fromEntries(Array.from({ length: 64 }, (_, k) => [`k${k}`, below]))
  }
  return value
}
const throwing = {
  get a(): string {
    throw new Error('hostile')
  },
  toJSON() {
    throw new Error('hostile')
  },
}
const HOSTILE: Record<string, unknown> = {
  'numbers that JSON has not': { nan: Number.NaN, infinity: Number.POSITIVE_INFINITY, zero: -0, big: 12n ** 40n },
  cycles: circular(),
  'getters and toJSON that throw': throwing,
  'a proxy that throws at everything': new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('x')
      },
      getPrototypeOf: () => {
        throw new Error('x')
      },
      get: () => {
        throw new Error('x')
      },
    },
  ),
  'a revoked proxy': (() => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return { proxy }
  })(),
  'functions and symbols': { f() {}, s: Symbol('s'), [Symbol('k')]: 1, u: undefined },
  'lone surrogates': { '\ud800': '\udfff x \ud83d', ok: '😀' },
  'line separators': { a: '\u2028\u2029\r\n\u0000\u001b[31m\u009b31m\u202e' },
  '__proto__ as a key': JSON.parse('{"__proto__":{"polluted":1},"constructor":1}'),
  '10,000 keys': Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])),
  'a list of a million': { list: new Array(1_000_000).fill(1) },
  'huge strings': { a: 'x'.repeat(10_000_000), b: '\u0001'.repeat(100_000) },
  'deep nesting': JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`),
  'few objects that stand for billions': shared(6),
  'other kinds': {
    date: new Date(0),
    never: new Date(Number.NaN),
    error: new Error('e'),
    bytes: Buffer.from('x'),
    map: new Map([[1, 2]]),
    re: /x/,
    boxed: new String('s'),
  },
  'long keys that JSON makes longer': Object.fromEntries(
    Array.from({ length: 64 }, (_, i) => [`${'\u0001'.repeat(127)}${i}`, 'x'.repeat(2048)]),
  ),
  'many large values and a function': {
    f() {},
    ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, 'ä'.repeat(2000)])),
  },
}

function expectGoodLine(line: string): Record<string, unknown> {
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
  expect(line.isWellFormed()).toBe(true)
  const record = JSON.parse(line) as Record<string, unknown>
  expect(Object.keys(record)).toEqual(ORDER.filter((key) => Object.hasOwn(record, key)))
  return record
}

describe('one good line comes of', () => {
  it.each(Object.entries(HOSTILE))('%s', async (_, data) => {
    const t = testAudit()
    const begun = performance.now()
    await t.audit.record({ event: 'invoice.exported' as never, data: data as never })
    await t.audit.record({ event: 'invoice.exported' as never, data: { inside: data } })
    expect(performance.now() - begun).toBeLessThan(3000)
    const lines = t.raw().filter((line) => line.includes('invoice.exported'))
    expect(lines).toHaveLength(2)
    lines.map(expectGoodLine)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('anything else', async () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    })
    const t = testAudit()
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: 'binary' }), anything), async (data) => {
        const { id } = await t.audit.record({ event: 'invoice.exported' as never, data })
        await t.audit.flush() // a slow machine may go on without
        expectGoodLine(t.raw().find((line) => line.includes(id))!)
      }),
      { numRuns: 300 },
    )
  })

  it('what libraries pass on from strangers: fields of every kind', async () => {
    const anything = fc.anything({ withBigInt: true })
    const t = testAudit()
    const seen: number[] = []
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          reason: anything,
          target: anything,
          auth: anything,
          session: anything,
          sessionFrom: anything,
          token: fc.oneof(
            anything,
            fc.record({
              alg: anything,
              kid: anything,
              aud: anything,
              value: anything,
              jti: anything,
              iat: anything,
              verified: anything,
            }),
          ),
          tenant: anything,
          data: anything,
          claimed: anything,
          actor: anything,
          onBehalfOf: anything,
        }),
        async (fields) => {
          seen.push(1)
          await coreOf(t.audit).observe({ event: 'token.rejected', hook: 'test', ...fields } as never)
        },
      ),
      { numRuns: 300 },
    )
    await t.audit.flush()
    const lines = t.raw().filter((line) => line.includes('token.rejected'))
    lines.map(expectGoodLine)
    expect([lines.length, t.audit.health().dropped]).toEqual([seen.length, 0])
  })
})

const plain = (value: unknown) =>
  Object.fromEntries([...plainMembers(value)].map(([key, json]) => [key, JSON.parse(json)]))

describe('a copy of data', () => {
  it('says what it could not take', () => {
    expect(
      plain({
        nan: Number.NaN,
        big: 5n,
        cycle: circular(),
        date: new Date(0),
        bytes: Buffer.from('abc'),
        error: new TypeError('no'),
        throwing,
        f() {},
        nothing: undefined,
        list: [undefined, () => {}],
        long: 'x'.repeat(2100),
      }),
    ).toEqual({
      nan: null,
      big: '5',
      cycle: { name: 'a', self: '[circular]', list: ['[circular]'] },
      date: '1970-01-01T00:00:00.000Z',
      bytes: '[3 bytes]',
      error: 'TypeError: no',
      throwing: { a: '[unreadable]' },
      list: [null, null],
      long: `${'x'.repeat(2048)}…`,
    })
    expect(plain({ a: { b: { c: { d: {} } } } })).toEqual({ a: { b: { c: { d: '[too deep]' } } } })
  })
})

describe('a line that is too long', () => {
  const record = (data: Record<string, unknown>): RecordText => ({
    head: '"id":"i","source":"app"',
    target: '',
    tail: ',"service":{"name":"s"}',
    data: new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)])),
  })

  it('loses its largest fields, by name, and no more than it must', () => {
    const data = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`k${String(i).padStart(2, '0')}`, 'x'.repeat(2000 + i)]),
    )
    const kept = JSON.parse(`{${bodyOf(record({ small: 1, ...data }))}`) as LogRecord
    expect(kept.truncated).toEqual([
      'data.k39',
      'data.k38',
      'data.k37',
      'data.k36',
      'data.k35',
      'data.k34',
      'data.k33',
      'data.k32',
    ])
    expect(Object.keys(kept.data!)).toHaveLength(41 - 8)
    expect(kept.data!['small']).toBe(1)
  })

  it('may lose them all', () => {
    const kept = JSON.parse(`{${bodyOf(record({ one: '€'.repeat(60_000) }))}`) as LogRecord
    expect([kept.data, kept.truncated]).toEqual([undefined, ['data.one']])
  })
})

describe('what cannot be recorded is refused, and says why', () => {
  it.each<[string, unknown, { path: string }[]]>([
    ['no event', {}, [{ path: 'event' }]],
    ['a name that is none', { event: 'Login Failed' }, [{ path: 'event' }]],
    ['a name without a subject', { event: 'login' }, [{ path: 'event' }]],
    ["one of the audit's own", { event: 'audit.stopped' }, [{ path: 'event' }]],
    ['unknown fields', { event: 'login.failed', user: 'x', password: 'y' }, [{ path: 'user' }, { path: 'password' }]],
    [
      'several faults',
      { event: 'login.failed', outcome: 'ok', severity: 7, reason: 'Bad password', data: [], auth: 'x' },
      ['outcome', 'severity', 'reason', 'data', 'auth'].map((path) => ({ path })),
    ],
    [
      'nested faults',
      {
        event: 'login.failed',
        auth: { method: 1, factors: 'otp' },
        token: { value: 5 },
        onBehalfOf: {},
        target: { type: 'x' },
      },
      ['auth.method', 'auth.factors', 'token.value', 'onBehalfOf', 'target'].map((path) => ({ path })),
    ],
    ['nothing', undefined, [{ path: '' }]],
    ['a list', [], [{ path: '' }]],
    ['what cannot be read', throwing, [{ path: 'event' }, { path: 'a' }, { path: 'toJSON' }]],
    ['a proxy that throws', HOSTILE['a proxy that throws at everything'], [{ path: '' }]],
  ])('%s', async (_, event, issues) => {
    const t = testAudit()
    const error = await errorOf(() => t.audit.record(event as never))
    expect(error).toMatchObject({ code: 'TRAILPROOF_EVENT_INVALID', record: 'not-written', issues })
    expect(error['issues']).toHaveLength(issues.length)
    expect(await t.lines()).toEqual([])
  })

  it('a wait that is none', async () => {
    expect(
      await errorOf(() => testAudit().audit.record({ event: 'login.failed' }, { wait: 'ever' as never })),
    ).toMatchObject({ issues: [{ path: 'wait' }] })
    await testAudit().audit.record({ event: 'login.failed' }, null as never)
  })
})

it('a whole record of a request, key by key', async () => {
  const t = testAudit({
    service: { name: 'shop', version: '1.2.3', instance: 'a' },
    clock: { now: () => Date.UTC(2026, 10, 23, 9, 15, 2) + 123.4567 },
  })
  const req = {
    headers: {
      'user-agent': 'UA',
      'x-request-id': '4bf92f3577b34da6a3ce929d0e0e4736',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    method: 'POST',
    url: '/login',
    socket: {},
  }
  const context = openContext(coreOf(t.audit), req as never, { once() {}, headersSent: true, socket: null } as never, {
    address: { ip: '192.0.2.1', source: 'framework', peer: '10.0.0.1', forwardedIgnored: false },
    route: () => '/login',
  })
  await coreOf(t.audit).observe({
    event: 'login.failed',
    hook: 'passport',
    reason: 'bad_credentials',
    claimed: 'ann',
    auth: { method: 'password', strategy: 'local', attempt: 'a1' },
    session: 's1',
    sessionFrom: 's0',
    token: { value: 'v', jti: 'j', alg: 'HS256', aud: ['x', 'y'], exp: 5, verified: true },
    target: { type: 'invoice', id: 42 },
    tenant: 'acme',
    data: { a: 1 },
    context,
  })
  const [line] = await t.lines()
  const core = coreOf(t.audit)
  expect(line).toEqual({
    v: 1,
    seq: 1,
    id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
    time: '2026-11-23T09:15:02.123456Z',
    event: 'login.failed',
    outcome: 'failure',
    severity: 2,
    reason: 'bad_credentials',
    source: 'hook',
    hook: 'passport',
    n: 1,
    actor: { claimed: await t.audit.claimedRef('ann'), type: 'anonymous' },
    target: { type: 'invoice', id: '42' },
    auth: { method: 'password', strategy: 'local', attempt: 'a1' },
    session: { ref: core.sessionRef('s1'), from: core.sessionRef('s0') },
    token: {
      ref: core.tokenRef('v'),
      jti: core.tokenRef('jti j'),
      alg: 'HS256',
      aud: ['x', 'y'],
      exp: 5,
      verified: true,
    },
    client: { ip: '192.0.2.1', ip_source: 'framework', peer: '10.0.0.1', user_agent: 'UA' },
    http: { method: 'POST', route: '/login', request_id: '4bf92f3577b34da6a3ce929d0e0e4736' },
    trace: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
    service: { name: 'shop', version: '1.2.3', instance: 'a' },
    tenant: 'acme',
    data: { a: 1 },
  })
  expectGoodLine(t.raw().find((raw) => raw.includes('login.failed'))!)
})

it('a typed name that is no string is left out, so that nobody escapes the record by sending a list', async () => {
  const t = testAudit()
  for (const claimed of [['ann'], { $ne: 1 }, 5, true, null]) await t.audit.record({ event: 'login.failed', claimed })
  const lines = await t.lines()
  expect(lines.map(({ event, actor }) => ({ event, actor }))).toEqual(
    Array.from({ length: 5 }, () => ({ event: 'login.failed', actor: undefined })),
  )
})
