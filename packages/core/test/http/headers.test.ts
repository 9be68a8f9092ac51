import { describe, expect, it } from 'vitest'
import { boundedHeader, parseTraceparent, presentedCookies } from '../../src/http/headers.js'

const [TRACE, SPAN] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']

describe('traceparent', () => {
  it.each<[string, boolean]>([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, true],
    [`01-${TRACE}-${SPAN}-01-what-comes-later`, true],
    [`00-${TRACE}-${SPAN}-01-extra`, false],
    [`ff-${TRACE}-${SPAN}-01`, false],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, false],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, false],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
    [`00-${TRACE}-${SPAN}`, false],
    [`00-${TRACE}x-${SPAN}-01`, false],
    [` 00-${TRACE}-${SPAN}-01`, false],
    [`00-${TRACE}-${SPAN}-01\n`, false],
    [`00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`, false],
    ['', false],
  ])('%j: %j', (value, good) =>
    expect(parseTraceparent(value)).toEqual(good ? { trace_id: TRACE, span_id: SPAN } : undefined),
  )

  it('sent twice or not at all is none', () => {
    expect([parseTraceparent(undefined), parseTraceparent([`00-${TRACE}-${SPAN}-01`])]).toEqual([undefined, undefined])
  })
})

it('a header is bounded and printable, or absent', () => {
  expect(boundedHeader('x'.repeat(600), 512)).toHaveLength(512)
  expect(boundedHeader('a\u001b[31m\u202eb\u0085c', 99)).toBe('a[31mbc')
  expect([
    boundedHeader(undefined, 9),
    boundedHeader('', 9),
    boundedHeader('  ', 9),
    boundedHeader(['one', 'two'], 9),
  ]).toEqual([undefined, undefined, undefined, 'one'])
})

it('cookies are read as they come, the first 64 of them', () => {
  expect(presentedCookies('a=1; b="two"; a=3; =no; novalue; c=x=y')).toEqual([
    ['a', '1'],
    ['b', 'two'],
    ['a', '3'],
    ['c', 'x=y'],
  ])
  expect(presentedCookies(undefined)).toEqual([])
  expect(presentedCookies(Array.from({ length: 1000 }, (_, i) => `k${i}=v`).join('; '))).toHaveLength(64)
})
