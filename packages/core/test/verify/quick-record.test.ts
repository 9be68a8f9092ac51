// The quick way to see a record is held against JSON.parse, on lines as the log writes them and on such lines edited.
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { type LineFault, lineFault } from '../../src/verify/line.js'
import { MAYBE_OWN, quickRecord, RECORD, UNKNOWN } from '../../src/verify/quick-record.js'

const line = (seq: number, more: Record<string, unknown> = {}) =>
  JSON.stringify({
    v: 1,
    seq,
    id: '01a20a87-404d-7508-bc28-794570580849',
    time: '2026-11-23T22:29:25.709000Z',
    event: 'login.succeeded',
    severity: 1,
    actor: { ref: 'ow5VxuC_ZpvrGfXLJkueNK', claimed: 'é', type: 'user' },
    auth: { factors: ['password', 'totp'], empty: [], none: {} },
    token: { exp: 1_795_000_000, verified: true, revoked: false, by: null },
    ...more,
  })

const aLine = fc.oneof(
  fc.constant(line(7)),
  fc.constantFrom('audit.recovered', 'audit.key_rotated', 'audit', 'login.audit.x').map((event) => line(7, { event })),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 })).map((data) => line(7, { data })),
)

interface Edit {
  place: number
  by: string
  lost: number
}
const anEdit = fc.record<Edit>({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  by: fc.constantFrom(...'{}[]",:\\ \t\n\r\0eE+-.0123456789tfnulrasx/b\u0001é\u00ff', '\\u0061', '"audit.', '""', ''),
  lost: fc.nat(2),
})
const edited = (text: string, { place, by, lost }: Edit) => {
  const at = Math.floor(place * text.length)
  return text.slice(0, at) + by + text.slice(at + lost)
}

// As latin1 an edit may break a character in two, too.
const anEdited = fc
  .tuple(aLine, fc.array(anEdit, { maxLength: 2 }), fc.constantFrom('utf8' as const, 'latin1' as const))
  .map(([text, edits, encoding]) => Buffer.from(edits.reduce(edited, text), encoding))

/** A line among others, as a piece of a log has it. */
function among(bytes: Buffer): [all: Uint8Array, start: number, end: number] {
  const all = Buffer.concat([Buffer.from('{"before":1}\n'), bytes, Buffer.from('\n{"after":1}\n')])
  return [new Uint8Array(all), 13, 13 + bytes.length]
}

function parsed(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const text = bytes.toString()
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isUtf8(bytes) && isObject && text.startsWith('{') && text.endsWith('}')
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

// Whoever reads the number by the head of the line and whoever parses it see the same, unless it stands there twice.
function kindByParsing(bytes: Buffer, index: number): LineFault['kind'] | undefined {
  const value = parsed(bytes)
  if (!value) return 'not-json'
  const head = /^\{"v":1,"seq":(\d+),/.exec(bytes.toString())
  return (head ? Number(head[1]) : value.seq) === index ? undefined : 'seq'
}

test('faults of lines, edited or not, are those that JSON.parse shows', () => {
  const seen = new Set<string | undefined>()
  fc.assert(
    fc.property(anEdited, fc.constantFrom(7, 7, 7, 70, 0), (bytes, index) => {
      const kind = kindByParsing(bytes, index)
      seen.add(kind)
      expect(lineFault(...among(bytes), index, isUtf8(bytes))?.kind).toBe(kind)
    }),
    { numRuns: effort(5000, 50_000) },
  )
  expect(seen).toEqual(new Set([undefined, 'not-json', 'seq']))
})

test('what the quick way calls a record is one; and one of the log’s own only if it says that it may be', () => {
  const seen = new Map<number, number>()
  fc.assert(
    fc.property(anEdited, (bytes) => {
      const quick = quickRecord(...among(bytes), 7)
      seen.set(quick, (seen.get(quick) ?? 0) + 1)
      if (quick === UNKNOWN || !isUtf8(bytes)) return
      const value = parsed(bytes)
      expect(value).toBeDefined()
      if (quick === RECORD) expect(String(value!.event)).not.toMatch(/^audit\./)
    }),
    { numRuns: effort(5000, 50_000) },
  )
  for (const quick of [UNKNOWN, RECORD, MAYBE_OWN]) expect(seen.get(quick)).toBeGreaterThan(100)
})

test.each([
  [line(7), RECORD],
  [line(7, { actor: { claimed: '"' } }), MAYBE_OWN], // for the backslash
  [line(7, { event: 'audit.recovered', actor: {} }), MAYBE_OWN],
  [`{"v":1,"seq":7,"event":"\\u0061udit.recovered"}`, MAYBE_OWN],
  [line(8), UNKNOWN],
  ['{"v":1,"seq":07,"event":"x"}', UNKNOWN],
  ['{"v":1,"seq":,"event":"x","y":[1,2]}', UNKNOWN],
  ['{"v":1,"seq":7,"n":-1,"event":"x"}', UNKNOWN], // good, but not by this way
  ['{"v":1,"seq":7,"event":"login.failed","n":[01]}', UNKNOWN],
  ['{"v":1,"seq":7,"event":"login.failed"}}', UNKNOWN],
  ['{"v":1,"seq":7,"event":"login.failed"},{}', UNKNOWN],
  ['{"v":1,"seq":7,"event":"login.failed","a":[1}]', UNKNOWN],
  [`{"v":1,"seq":7,"event":"x","a":${'['.repeat(40)}${']'.repeat(40)}}`, UNKNOWN],
])('%s is seen as %i', (text, quick) => {
  expect(quickRecord(...among(Buffer.from(text)), 7)).toBe(quick)
})
