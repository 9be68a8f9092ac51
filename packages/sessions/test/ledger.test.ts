// The memory of sessions, and the reading of cookies: the two parts that can be tested by themselves.
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { cookieValue, flawOf } from '../src/cookie.js'
import { expiryOf, Ledger } from '../src/ledger.js'

const require = createRequire(import.meta.url)
const { parse } = createRequire(require.resolve('express-session'))('cookie') as {
  parse(header: string): Record<string, string>
}

describe('the ledger', () => {
  it('forgets the oldest ended session when it is full, and only that one', () => {
    const ledger = new Ledger((id) => id, 3)
    for (const id of ['a', 'b', 'c', 'd']) ledger.sawEnd(id, 'ended')
    expect(['a', 'b', 'c', 'd'].map((id) => ledger.whyAbsent(id).kind)).toEqual([
      'unknown',
      'replayed',
      'replayed',
      'replayed',
    ])
  })

  it('keeps ended sessions however many new ones come', () => {
    const ledger = new Ledger((id) => id, 3)
    ledger.sawEnd('ended', 'ended')
    for (let i = 0; i < 100; i++) ledger.sawAlive(`new ${i}`, undefined)
    expect(ledger.whyAbsent('ended')).toEqual({ kind: 'replayed', end: 'ended' })
    expect(ledger.whyAbsent('new 99')).toEqual({ kind: 'gone' })
    expect(ledger.whyAbsent('new 0')).toEqual({ kind: 'unknown' })
  })

  it('keeps the session longest that was used last', () => {
    const ledger = new Ledger((id) => id, 2)
    for (const id of ['a', 'b', 'a', 'c']) ledger.sawAlive(id, undefined)
    expect(['a', 'b', 'c'].map((id) => ledger.whyAbsent(id).kind)).toEqual(['gone', 'unknown', 'gone'])
  })

  it('knows an expired session from one that vanished before its time', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1000 })
    const ledger = new Ledger((id) => id, 10)
    ledger.sawAlive('a', 2000)
    expect(ledger.whyAbsent('a')).toEqual({ kind: 'gone' })
    vi.setSystemTime(2000)
    expect(ledger.whyAbsent('a')).toEqual({ kind: 'expired' })
    vi.useRealTimers()
  })

  it('keeps references, never ids', () => {
    const ledger = new Ledger(() => 'reference', 10)
    ledger.sawAlive('the id itself', 1)
    ledger.sawEnd('the id itself', 'rotated')
    const held = Object.getOwnPropertyNames(ledger).flatMap((name) => JSON.stringify((ledger as never)[name]))
    expect(held.join()).not.toContain('the id itself')
    expect(ledger.endOf('any')).toBe('rotated')
  })

  it('reads an expiry as a date, as text, and not at all', () => {
    const at = new Date(86_400_000)
    expect([at, at.toISOString(), null, false, 'soon', 5].map((expires) => expiryOf({ cookie: { expires } }))).toEqual([
      86_400_000,
      86_400_000,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect([undefined, null, {}, { cookie: null }].map(expiryOf)).toEqual([undefined, undefined, undefined, undefined])
  })
})

describe('the session cookie', () => {
  it('is read as express-session reads it, whatever the header holds', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'sid=',
        'sid=one',
        ' sid = "quoted" ',
        'sid=%73%3Aabc',
        'sid=%',
        'xsid=no',
        'sid',
        '=',
        ' ',
        'sid=a=b',
        'SID=no',
        'sid="',
      ),
      fc.string({ maxLength: 12 }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const header = parts.join(';')
        expect(cookieValue(header, 'sid')).toBe(parse(header)['sid'])
      }),
      { numRuns: 2000 },
    )
  })

  it('is forged where it is signed, else unsigned', () => {
    expect([flawOf('s:abc.def'), flawOf('abc'), flawOf('j:{}')]).toEqual(['bad_signature', 'unsigned', 'unsigned'])
    expect(cookieValue(undefined, 'sid')).toBe(undefined)
  })
})
