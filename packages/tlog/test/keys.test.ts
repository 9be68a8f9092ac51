// Keys as text, and the strict text forms of bytes under them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  cosignatureVerifier,
  decodeBase64,
  decodeHex,
  ed25519Verifier,
  encodeBase64,
  encodeHex,
  equalBytes,
  FormatError,
  formatPrivateKey,
  formatVkey,
  KeyType,
  keyId,
  parsePrivateKey,
  parseVkey,
  tryDecodeBase64,
} from '../src/index.js'
import { ed25519, sha256, verify } from './helpers.js'

const { publicKey } = ed25519(new Uint8Array(32))

describe('vkeys', () => {
  test('a key of any type and name is read back, although its base64 has pluses', () => {
    const name = fc.string({ minLength: 1 }).filter((s) => /^[^\s+]+$/.test(s))
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(name, fc.nat(255), bytes, (name, type, publicKey) => {
        const parsed = parseVkey(sha256, formatVkey(sha256, name, type, publicKey))
        expect(parsed).toEqual({ name, type, publicKey, keyId: keyId(sha256, name, type, publicKey) })
      }),
    )
    const plus = formatVkey(sha256, 'a', 1, new Uint8Array(32).fill(0xfb))
    expect(plus.split('+').length).toBeGreaterThan(3)
    expect(parseVkey(sha256, plus).name).toBe('a')
  })

  const good = formatVkey(sha256, 'a', KeyType.ed25519, publicKey)
  test.each([
    '',
    'a',
    'a+b',
    'a+00000000+',
    good.slice(0, -1),
    good.replace(/^a/, 'b'),
    good.replace(/^a/, ''),
    good.toUpperCase(),
    ` ${good}`,
    `${good}\n`,
    formatVkey(sha256, 'a', KeyType.ed25519, publicKey.slice(1)),
    'a b+00000000+AQ==',
    'PRIVATE+KEY+a+00000000+AQ==',
  ])('%j is not a vkey', (vkey) => {
    expect(() => parseVkey(sha256, vkey)).toThrow(FormatError)
  })

  test('a verifier takes only a key of its own type', () => {
    expect(() => cosignatureVerifier(sha256, good, verify)).toThrow(FormatError)
    const cosigning = formatVkey(sha256, 'a', KeyType.cosignatureV1, publicKey)
    expect(() => ed25519Verifier(sha256, cosigning, verify)).toThrow(FormatError)
  })

  test('a signature of another length than 64 bytes is refused before it reaches the caller’s function', () => {
    const { verify } = ed25519Verifier(sha256, good, () => true)
    expect([0, 63, 64, 65].map((length) => verify(publicKey, new Uint8Array(length)))).toEqual([
      false,
      false,
      true,
      false,
    ])
  })

  test('a name that could be read two ways is not written', () => {
    for (const name of ['', 'a b', 'a+b', 'a\n'])
      expect(() => formatVkey(sha256, name, 1, publicKey)).toThrow(RangeError)
    expect(() => formatVkey(sha256, 'a', 256, publicKey)).toThrow(RangeError)
  })
})

describe('private keys', () => {
  const seed = new Uint8Array(32).fill(9)
  const text = formatPrivateKey(sha256, 'a', ed25519(seed).publicKey, seed)

  test('are read back', () => {
    const parsed = parsePrivateKey(text)
    expect(parsed).toEqual({ name: 'a', keyId: keyId(sha256, 'a', 1, ed25519(seed).publicKey), seed })
  })

  test('that are damaged are refused, and no message repeats them', () => {
    for (const bad of ['', text.slice(8), text.slice(0, -4), text.replace('KEY+a', 'KEY+a b'), `${text}AAAA`]) {
      let message = ''
      try {
        parsePrivateKey(bad)
      } catch (error) {
        if (error instanceof FormatError) message = error.message
      }
      expect(message).toMatch(/key/)
      expect(message).not.toContain(encodeBase64(seed).slice(4, 12))
    }
  })
})

describe('base64 and hex', () => {
  test('agree with Node’s encoders and are read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(encodeHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
        expect(decodeHex(encodeHex(bytes))).toEqual(bytes)
      }),
    )
  })

  test('any text that decodes is the one text of its bytes', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQgwBx+/09=-_ \n'), maxLength: 12 })
    fc.assert(
      fc.property(text, (text) => {
        const bytes = tryDecodeBase64(text)
        if (bytes) expect(encodeBase64(bytes)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AB==',
    'AAB=',
    'A===',
    '====',
    'AA==AAAA',
    'AA-_',
    'AAA\n',
    ' AAA',
    'AA=A',
    'AAA\u0141',
  ])('base64 %j is refused', (text) => {
    expect(tryDecodeBase64(text)).toBeUndefined()
    expect(() => decodeBase64(text)).toThrow(FormatError)
  })

  test.each(['0', 'AB', '0g', '0x00', ' 00'])('hex %j is refused', (text) => {
    expect(() => decodeHex(text)).toThrow(FormatError)
  })

  test('bytes are joined and compared as a whole', () => {
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
  })
})
