// A line is written as bytes; what stands there is what the JSON of the same values is.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coreOf, openContext } from '../../src/adapter.js'
import { DataMembers } from '../../src/event/data-members.js'
import { quote } from '../../src/event/json.js'
import { Fragment, fragments, LineWriter } from '../../src/event/line-writer.js'
import { plainMembers } from '../../src/event/plain.js'
import { formatTime } from '../../src/event/time.js'
import { keepBody } from '../../src/log/entry.js'
import { RingPutter, shareRing } from '../../src/log/thread/ring.js'
import { testAudit } from '../support.js'

const KEY = fragments('a', 'longer_key')
const written = (write: (line: LineWriter) => void) => {
  const line = new LineWriter()
  line.begin()
  write(line)
  return line.slice(line.start, line.end)
}

describe('bytes of a line', () => {
  it('are those of the text, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }), (odd, plain) => {
        const text = odd.toWellFormed()
        const line = written((to) => {
          to.text(KEY.a, plain)
          to.text(KEY.longer_key, text)
          to.text(KEY.a, undefined)
        })
        expect(line).toBe(`"a":${quote(plain)},"longer_key":${quote(text)}`)
        expect(line).not.toMatch(/[\u0000-\u001f\u007f]/)
        expect(JSON.parse(`{${line}}`)).toEqual({ a: plain, longer_key: text })
      }),
    )
  })

  it('are those of numbers and times', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.nat(20), fc.maxSafeInteger()), fc.nat(4e12), (value, ms) => {
        const line = written((to) => {
          to.number(KEY.a, value)
          to.time(KEY.longer_key, ms + 0.125)
        })
        const number = Number.isFinite(value) ? `"a":${String(value)},` : ''
        expect(line).toBe(`${number}"longer_key":"${formatTime(ms + 0.125)}"`)
      }),
    )
  })

  it('are those of constants of any length', () => {
    for (let length = 0; length < 20; length++) {
      const text = 'äbcdefghijklmnopqrstu'.slice(0, length)
      const line = written((to) => {
        to.constant(new Fragment(`,"a":"${text}"`))
        to.member(KEY.longer_key, '1')
      })
      expect(line).toBe(`"a":"${text}","longer_key":1`)
    }
  })

  it('leave empty objects out, and keep empty lists', () => {
    const line = written((to) => {
      to.member(KEY.a, '1')
      to.open(KEY.a)
      to.text(KEY.a, undefined)
      to.close()
      to.open(KEY.a)
      to.openList(KEY.a)
      to.closeList()
      to.openList(KEY.longer_key)
      to.item('x')
      to.item('"')
      to.closeList()
      to.close()
    })
    expect(line).toBe('"a":1,"a":{"a":[],"longer_key":["x","\\""]}')
  })

  it('go on where the memory for them had to grow', () => {
    const texts = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + i).repeat(1000 * i))
    const line = written((to) => {
      for (const text of texts) to.text(KEY.a, text)
    })
    expect(line).toBe(texts.map((text) => `"a":${quote(text)}`).join(','))
  })
})

it('data is written as its copy says, with keys that become one, getters and whatever else', () => {
  const clean = (text: string, max: number) => text.slice(0, Math.min(max, 3)).replaceAll('z', '').toWellFormed()
  const values = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true })
  const thrower = Object.defineProperty({ a: 1 }, 'b', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  const maps = fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'z', 'é', '…', '"') }), values, { maxKeys: 70 })
  fc.assert(
    fc.property(fc.oneof(maps, values, fc.constant(thrower)), (data) => {
      const members = new DataMembers()
      let texts: Map<string, string> | undefined
      const line = written((to) => {
        to.open(KEY.a)
        members.write(to, data, clean)
        texts = members.texts(to)
        to.close()
      })
      const copy = plainMembers(data, clean)
      const json = [...copy].map(([key, value]) => `${quote(key)}:${value}`).join(',')
      expect(line).toBe(json === '' ? '' : `"a":{${json}}`)
      expect([...texts!]).toEqual([...copy])
    }),
    { numRuns: 1000 },
  )
})

it('a body that is written over is copied by whoever keeps it, and goes whole into shared memory', () => {
  const line = new LineWriter()
  const ring = new RingPutter(shareRing(0))
  for (let length = 0; length < 40; length++) {
    line.begin()
    line.text(KEY.a, 'x'.repeat(length))
    const entry = { event: 'e', body: line as never, bytes: 0, wait: 'durable' as const, settled() {} }
    expect(ring.putWords(line, 1000)).toBe(length + 6)
    keepBody(entry)
    line.begin()
    line.text(KEY.longer_key, 'something else altogether')
    expect([entry.body, ring.oldestBody(length)]).toEqual([`"a":"${'x'.repeat(length)}"`, entry.body])
    ring.free()
  }
  line.begin()
  line.text(KEY.a, 'x'.repeat(1000))
  expect([ring.putWords(line, 1000), ring.used]).toEqual([1006, 0])
})

it('a getter that records something itself spoils neither record', async () => {
  const t = testAudit()
  await t.audit.record({ event: 'authz.denied' }) // so that there is a writer already, which all could take
  const core = coreOf(t.audit)
  const context = openContext(core, { headers: {}, socket: {} } as never, { once() {}, headersSent: true } as never, {
    address: { ip: '192.0.2.1' } as never,
    route() {
      void core.observe({ event: 'resource.read', hook: 'inner', data: { within: 'route' }, context: null })
      return '/outer'
    },
  })
  const data = {
    before: 1,
    get asked() {
      void core.observe({ event: 'resource.read', hook: 'inner', data: { within: 'data' }, context: null })
      return 'yes'
    },
  }
  await core.observe({ event: 'authz.denied', hook: 'outer', data, context })
  const lines = await t.lines()
  expect(lines.slice(1).map(({ event, data: said, http }) => ({ event, said, route: http?.['route'] }))).toEqual([
    { event: 'resource.read', said: { within: 'route' }, route: undefined },
    { event: 'resource.read', said: { within: 'data' }, route: undefined },
    { event: 'authz.denied', said: { before: 1, asked: 'yes' }, route: '/outer' },
  ])
})
