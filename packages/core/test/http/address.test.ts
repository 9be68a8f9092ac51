import { describe, expect, it } from 'vitest'
import { clientAddress, normaliseAddress } from '../../src/adapter.js'

describe('an address has one spelling', () => {
  it.each<[unknown, string | undefined]>([
    ['192.0.2.1', '192.0.2.1'],
    [' 192.0.2.1 ', '192.0.2.1'],
    ['192.0.2.1:8080', '192.0.2.1'],
    ['[192.0.2.1]:8080', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
    ['::ffff:0:1', '0.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['[::1]:3000', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::', '::'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:80', 'fe80::1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['192.0.2', undefined],
    ['192.0.2.256', undefined],
    ['192.0.2.01', undefined],
    ['0x7f.1', undefined],
    ['2130706433', undefined],
    ['192.0.2.1.', undefined],
    ['192.0.2.1, 10.0.0.1', undefined],
    ['192.0.2.1/24', undefined],
    ['example.com', undefined],
    ['localhost', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['for=192.0.2.1', undefined],
    ['', undefined],
    ['   ', undefined],
    [':::1', undefined],
    ['1::2::3', undefined],
    ['[::1', undefined],
    ['::1]:80', undefined],
    ['12345::1', undefined],
    ["192.0.2.1'; DROP TABLE", undefined],
    ['192.0.2.1\n10.0.0.1', undefined],
    ['\u0661\u0662\u0667.0.0.1', undefined],
    ['1'.repeat(101), undefined],
    [undefined, undefined],
    [null, undefined],
    [16777343, undefined],
    [['192.0.2.1'], undefined],
  ])('%j is %j', (text, address) => expect(normaliseAddress(text)).toBe(address))
})

describe('who asks', () => {
  const of = (remoteAddress: string | undefined, answer: unknown, headers = {}) =>
    clientAddress({ headers, socket: { remoteAddress } } as never, answer)
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }

  it('is the peer where nobody says otherwise', () => {
    expect(of('::ffff:192.0.2.1', undefined)).toEqual({
      ip: '192.0.2.1',
      source: 'socket',
      peer: '192.0.2.1',
      forwardedIgnored: false,
    })
    expect(of('192.0.2.1', '::ffff:192.0.2.1')).toEqual({
      ip: '192.0.2.1',
      source: 'socket',
      peer: '192.0.2.1',
      forwardedIgnored: false,
    })
  })

  it('is whom the framework names where it trusts a proxy', () => {
    expect(of('10.0.0.1', '203.0.113.9', forwarded)).toEqual({
      ip: '203.0.113.9',
      source: 'framework',
      peer: '10.0.0.1',
      forwardedIgnored: false,
    })
  })

  it('an X-Forwarded-For header from a peer that nobody trusts is kept as a claim, not used as the address', () => {
    expect(of('192.0.2.1', '192.0.2.1', forwarded)).toEqual({
      ip: '192.0.2.1',
      source: 'socket',
      peer: '192.0.2.1',
      forwardedIgnored: true,
    })
    expect(of('192.0.2.1', '192.0.2.1', { forwarded: 'for=203.0.113.9' }).forwardedIgnored).toBe(true)
  })

  it('is the peer where the framework names something that is no address', () => {
    expect(of('10.0.0.1', 'unknown', { 'x-forwarded-for': 'unknown' })).toEqual({
      ip: '10.0.0.1',
      source: 'socket',
      peer: '10.0.0.1',
      forwardedIgnored: true,
    })
  })

  it('is unknown on a socket without addresses', () => {
    expect(of(undefined, undefined)).toEqual({
      ip: undefined,
      source: undefined,
      peer: undefined,
      forwardedIgnored: false,
    })
  })
})
