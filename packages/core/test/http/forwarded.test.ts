// Reading `Forwarded`: what RFC 7239 allows is read, anything else is none of it, and nobody can make it slow.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forwardedFor } from '../../src/http/forwarded.js'

it.each<[header: string, nodes: (string | undefined)[] | undefined]>([
  // RFC 7239 section 4
  ['for="_gazonk"', [undefined]],
  ['For="[2001:db8:cafe::17]:4711"', ['2001:db8:cafe::17']],
  ['for=192.0.2.60;proto=http;by=203.0.113.43', ['192.0.2.60']],
  ['for=192.0.2.43, for=198.51.100.17', ['192.0.2.43', '198.51.100.17']],
  // section 7.1
  ['for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown', ['192.0.2.43', '2001:db8:cafe::17', undefined]],
  ['for=192.0.2.43, ,', ['192.0.2.43', undefined, undefined]],
  ['host="a;b,c=\\"d\\"";for=192.0.2.1', ['192.0.2.1']],
  ['', [undefined]],
  ['for', undefined],
  ['for=', undefined],
  ['for =192.0.2.1', undefined],
  ['for="192.0.2.1"x', undefined],
  ['for=192.0.2.1;for=192.0.2.2', undefined],
])('%j', (header, nodes) => expect(forwardedFor(header)).toEqual(nodes))

describe('whatever is sent', () => {
  it('never throws, and names addresses only', () => {
    const piece = fc.constantFrom(
      'for=',
      'by=',
      '"',
      '\\',
      ';',
      ',',
      ' ',
      '[',
      ']',
      '192.0.2.1',
      '2001:db8::1',
      'unknown',
      '_x',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (header) => {
          for (const node of forwardedFor(header) ?? [])
            expect(node === undefined || /^[\d.a-f:]+$/.test(node)).toBe(true)
        },
      ),
    )
  })

  it.each([
    [' '.repeat(8191)],
    [`${' '.repeat(8000)}x`],
    [`for="${'\\"'.repeat(4000)}`],
    [`${'a'.repeat(8000)}`],
    [`for=${'a'.repeat(8000)}`],
    [`for=1${' '.repeat(8000)}x`],
    [';'.repeat(8191)],
  ])('is read in one go, however it is made', (header) => {
    const began = process.cpuUsage()
    for (let i = 0; i < 20; i++) forwardedFor(header)
    expect(process.cpuUsage(began).user / 20).toBeLessThan(10_000) // microseconds each; a quadratic reading takes 100 ms
  })
})
