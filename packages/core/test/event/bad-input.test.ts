// Whatever an application or a hook hands over: a record or a named error, never a crash, never a torn line.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { coreOf } from '../../src/adapter.js'
import { isTrailproofError } from '../../src/errors.js'
import { testAudit } from '../support.js'

const CASES = effort(1500, 100_000)

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'a\r\n{"v":1,"seq":0}',
    '\u001b[2J\u001b]0;owned\u0007',
    '\u2028\u2029\u0085\u009b31m',
    '\u202egnp.exe\u2066\u061c',
    '\ud800',
    'x\udfff',
    '\u0000',
    '__proto__',
    'constructor',
    'toString',
    'login.failed',
    'audit.stopped',
    'x'.repeat(70_000),
    '\u0001'.repeat(40_000),
    '\ud83d\ude00'.repeat(20_000),
  ),
)

/** Things that JSON cannot hold, or that answer when they are looked at. */
const odd = fc.constantFrom<() => unknown>(
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => 2n ** 200n,
  () => Symbol('s'),
  () => () => 1,
  () => new Date(Number.NaN),
  () => new Date(8.64e15),
  () => new Error('outer', { cause: new Error('inner', { cause: new Error('innermost') }) }),
  () => Object.assign(new Error('x'), { message: { toString: 1 } }),
  () => new Map([[{}, 1]]),
  () => new Uint8Array(100_000),
  () => new Array(1e9),
  () => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, i])),
  () => JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
  () => nested(500),
  () => wide(9),
  () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = [cycle]
    return cycle
  },
  () => ({
    get thrown() {
      throw new Error('getter')
    },
  }),
  () => ({
    toJSON() {
      throw new Error('toJSON')
    },
  }),
  () => ({ [Symbol.toPrimitive]: 1, toString: 1, valueOf: 1 }),
  () => Object.create(null),
  () => {
    let reads = 0
    return {
      get event() {
        return reads++ ? 'audit.stopped' : 'login.failed'
      },
    }
  },
  () => throwing(),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
)

function nested(depth: number): unknown {
  return depth === 0 ? 'bottom' : { in: nested(depth - 1) }
}

function wide(levels: number): unknown {
  const below = levels === 0 ? 1 : wide(levels - 1)
  return Array.from({ length: 60 }, () => below)
}

function throwing(): unknown {
  const trap = () => {
    throw new Error('trap')
  }
  const names = Object.getOwnPropertyNames(Reflect)
  return new Proxy({}, Object.fromEntries(names.map((name) => [name, trap])))
}

/** Made when it is used: fast-check itself looks at values. */
const value: fc.Arbitrary<() => unknown> = fc.oneof(
  hostileText.map((text) => () => text),
  odd,
  fc
    .anything({
      withBigInt: true,
      withDate: true,
      withNullPrototype: true,
      withObjectString: true,
      withTypedArray: true,
    })
    .map((anything) => () => anything),
  fc
    .array(
      fc.tuple(
        hostileText,
        fc.oneof(
          hostileText.map((text) => () => text),
          odd,
        ),
      ),
      { maxLength: 5 },
    )
    .map((entries) => () => Object.fromEntries(entries.map(([key, make]) => [key, make()]))),
)

const FIELDS = [
  'event',
  'outcome',
  'severity',
  'reason',
  'actor',
  'onBehalfOf',
  'claimed',
  'target',
  'auth',
  'session',
  'token',
  'tenant',
  'data',
]

const facts = fc
  .tuple(
    fc.constantFrom('login.failed', 'login.failed', 'session.renewed', 'x.y'),
    fc.subarray(FIELDS, { maxLength: 3 }),
    fc.array(value, { minLength: 3, maxLength: 3 }),
  )
  .map(([event, fields, values]) => () => ({
    event,
    ...Object.fromEntries(fields.map((field, i) => [field, values[i]!()])),
  }))

/** Reads one JSON text as RFC 8259 has it, and refuses an object that has a key twice. */
function readStrictly(text: string): void {
  let at = 0
  const expectText = (token: RegExp, what: string): string => {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) throw new Error(`${what} expected at ${at} of ${text.slice(0, 200)}`)
    at = token.lastIndex
    return found[0]
  }
  const list = (end: string, item: () => void) => {
    at++
    if (text[at] === end) return void at++
    for (;;) {
      item()
      if (text[at] !== ',') break
      at++
    }
    if (text[at++] !== end) throw new Error(`${end} expected at ${at}`)
  }
  const string = () => expectText(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y, 'a string')
  const any = (): void => {
    if (text[at] === '{') {
      const keys = new Set<string>()
      list('}', () => {
        const key = JSON.parse(string()) as string
        if (keys.has(key)) throw new Error(`the key ${key} stands twice`)
        keys.add(key)
        expectText(/:/y, 'a colon')
        any()
      })
    } else if (text[at] === '[') list(']', any)
    else if (text[at] === '"') string()
    else expectText(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y, 'a value')
  }
  any()
  if (at !== text.length) throw new Error(`more than one value: ${text.slice(at, at + 100)}`)
}

/** What a terminal or a reader of lines would obey. */
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/

function checkLine(line: string): void {
  readStrictly(line)
  expect(OBEYED.exec(line)?.[0]).toBeUndefined()
  expect(line.isWellFormed()).toBe(true)
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(65_535)
}

describe('whatever is handed over', () => {
  it(`audit.record() gives a record or a named error (${CASES} cases)`, async () => {
    const t = testAudit()
    let checked = 0
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: facts as fc.Arbitrary<() => unknown> }, { weight: 1, arbitrary: value }),
        async (make) => {
          try {
            const { state } = await t.audit.record(make() as never)
            expect(['durable', 'dropped']).toContain(state)
          } catch (error) {
            expect(isTrailproofError(error, 'TRAILPROOF_EVENT_INVALID') || error).toBe(true)
          }
          const lines = t.raw()
          for (; checked < lines.length; checked++) checkLine(lines[checked]!)
        },
      ),
      { numRuns: CASES, endOnFailure: true },
    )
    expect(checked).toBeGreaterThan(CASES / 20)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    const { seen, recorded, declared, dropped } = t.audit.health().counts['app']!
    expect(recorded + declared + dropped).toBe(seen)
    for (const line of await t.lines()) expect(line.event).not.toMatch(/^audit\./)
  }, 1_800_000)

  it(`a hook's observe gives a record or a counted loss, and never throws (${CASES} cases)`, async () => {
    const t = testAudit()
    const core = coreOf(t.audit)
    // A context comes from core, and so does what a roll-up declares: no stranger hands those over.
    const more = fc.tuple(fc.constantFrom('hook', 'status', 'sessionFrom', 'data'), value)
    let checked = 0
    let calls = 0
    await fc.assert(
      fc.asyncProperty(facts, more, async (make, [field, other]) => {
        calls++
        const seen = { hook: 'h', ...make(), [field]: other() }
        expect(['go', 'refuse']).toContain(await core.observe(seen as never))
        const lines = t.raw()
        for (; checked < lines.length; checked++) checkLine(lines[checked]!)
      }),
      { numRuns: CASES, endOnFailure: true },
    )
    await t.audit.close()
    for (const line of t.raw().slice(checked)) checkLine(line)
    const totals = { seen: 0, told: 0 }
    for (const { seen, recorded, declared, dropped } of Object.values(t.audit.health().counts)) {
      totals.seen += seen
      totals.told += recorded + declared + dropped
    }
    expect(totals).toEqual({ seen: calls, told: calls })
  }, 1_800_000)
})

it('the strict reader finds what it is for', () => {
  for (const bad of ['{"a":1,"a":2}', '{"a":1}\n', '{"a":"\n"}', '{"a":NaN}', '{"a":1}{}', '{"a":{"b":1,"\\u0062":2}}'])
    expect(() => readStrictly(bad), bad).toThrow()
  expect(() => readStrictly('{"a":[],"b":{"a":-1.5e3,"c":[null,"\\u001b"]}}')).not.toThrow()
})
