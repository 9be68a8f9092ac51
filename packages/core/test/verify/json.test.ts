import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isJsonObject } from '../../src/verify/json.js'

const accepts = (text: string | Uint8Array) => {
  const bytes = Buffer.from(text)
  return isJsonObject(Buffer.concat([bytes, Buffer.from('\n')]), 0, bytes.length)
}
const parses = (text: string) => {
  try {
    const value: unknown = JSON.parse(text)
    return (
      typeof value === 'object' && value !== null && !Array.isArray(value) && text.startsWith('{') && text.endsWith('}')
    )
  } catch {
    return false
  }
}

test('accepts every object that JSON.stringify writes', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 5 })),
      fc.constantFrom(undefined, 2),
      (value, indent) => {
        expect(accepts(JSON.stringify(value, null, indent))).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('agrees with JSON.parse on objects with a character changed, added or lost', () => {
  const token = fc.constantFrom(...'{}[]",:\\ \t\n\r\0eE+-.0123456789tfnulrasx/b\u0001é', '')
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
      fc.double({ min: 0, max: 1, noNaN: true }),
      token,
      fc.nat(1),
      (value, place, by, lost) => {
        const text = JSON.stringify(value)
        const at = Math.floor(place * text.length)
        const edited = text.slice(0, at) + by + text.slice(at + lost)
        expect({ edited, is: accepts(edited) }).toEqual({ edited, is: parses(edited) })
      },
    ),
    { numRuns: 3000 },
  )
})

test.each([
  '{"a":01}',
  '{"a":1.}',
  '{"a":.5}',
  '{"a":1e}',
  '{"a":1e+}',
  '{"a":-}',
  '{"a":"\\u12g4"}',
  '{"a":"\\x"}',
  '{"a":tru}',
  '{"a":1,}',
  '{,}',
  '{"a"}',
  '{"a":1}}',
  '{"a":1',
  '[]',
  '',
  '{"a":"\u0001"}',
  '{"a":"',
])('refuses %j as JSON.parse does', (text) => {
  expect(accepts(text)).toBe(false)
  expect(parses(text)).toBe(false)
})

test.each(['{"a":-0}', '{"a":0.5e-10}', '{"a":1E5}', '{"a":[{},[],[1,"\\u00e9\\n"]],"b":null}', '{ "a" : true }'])(
  'accepts %j',
  (text) => {
    expect(accepts(text)).toBe(true)
  },
)

test('a line that is nested without end is refused, and does not exhaust the stack', () => {
  expect(accepts(`${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`)).toBe(false)
})

test('each byte at each place of a string is judged as JSON.parse judges it', () => {
  for (let byte = 0; byte < 256; byte++)
    for (let length = 1; length <= 9; length++)
      for (let at = 0; at < length; at++)
        for (const beside of ['a', '!', '\u00ff']) {
          const text = `{"k":"${beside.repeat(at)}${String.fromCharCode(byte)}${beside.repeat(length - at - 1)}","n":1}`
          const is = accepts(Buffer.from(text, 'latin1')) // bytes from 0x80 on are for isUtf8 to judge
          expect({ text, is }).toEqual({ text, is: parses(text) })
        }
})
