// Signed notes: who is believed, what is refused, and that hostile input meets NoteError and nothing else.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ed25519Signer,
  ed25519Verifier,
  formatVkey,
  KeyType,
  NoteError,
  type NoteErrorKind,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseNote,
  parseSignatureLine,
  parseSignatureLines,
  signatureLine,
  signNote,
} from '../src/index.js'
import { ed25519, sha256, verify } from './helpers.js'

function key(name: string, seedByte: number) {
  const { publicKey, sign } = ed25519(new Uint8Array(32).fill(seedByte))
  return {
    signer: ed25519Signer(sha256, name, publicKey, sign),
    verifier: ed25519Verifier(sha256, { name, publicKey }, verify),
    vkey: formatVkey(sha256, name, KeyType.ed25519, publicKey),
  }
}
const [alice, bob, mallory] = [key('log.example/alice', 1), key('log.example/bob', 2), key('log.example/alice', 3)]
const TEXT = 'one\n\ntwo lines, and a blank one\n'

function kindOf(action: () => unknown): NoteErrorKind | 'no error' {
  try {
    action()
  } catch (error) {
    if (error instanceof NoteError) return error.kind
    throw error
  }
  return 'no error'
}

describe('believing', () => {
  test('a signed note opens with its text, and unknown signers are listed apart', () => {
    const note = signNote(TEXT, [alice.signer, bob.signer])
    const opened = openNote(note, [ed25519Verifier(sha256, alice.vkey, verify)])
    expect(opened.text).toBe(TEXT)
    expect(opened.verified.map((s) => s.name)).toEqual(['log.example/alice'])
    expect(opened.unverified.map((s) => s.name)).toEqual(['log.example/bob'])
  })

  test('a note that no known key signed is unverified', () => {
    expect(kindOf(() => openNote(signNote(TEXT, [bob.signer]), [alice.verifier]))).toBe('unverified')
    expect(kindOf(() => openNote(signNote(TEXT, [bob.signer]), []))).toBe('unverified')
  })

  test('a changed text is refused', () => {
    const note = signNote(TEXT, [alice.signer]).replace('two', 'ten')
    expect(kindOf(() => openNote(note, [alice.verifier]))).toBe('bad-signature')
  })

  test('one failing signature of a known key refuses the note, although another known key signed it', () => {
    const forged = { ...bob.signer, sign: () => new Uint8Array(64) }
    const note = signNote(TEXT, [alice.signer, forged])
    expect(kindOf(() => openNote(note, [alice.verifier, bob.verifier]))).toBe('bad-signature')
    expect(openNote(note, [alice.verifier]).unverified).toHaveLength(1)
  })

  test('another key under a known name is an unknown key', () => {
    const opened = openNote(signNote(TEXT, [alice.signer, mallory.signer]), [alice.verifier])
    expect([opened.verified.length, opened.unverified.length]).toEqual([1, 1])
  })

  test('a key that signs twice counts once, and a second failing line of it refuses the note', () => {
    const line = signNote(TEXT, [alice.signer]).slice(TEXT.length + 1)
    const twice = `${TEXT}\n${line}${line}`
    expect(openNote(twice, [alice.verifier]).verified).toHaveLength(1)
    const bad = signatureLine(alice.signer.name, alice.signer.keyId, new Uint8Array(64))
    expect(kindOf(() => openNote(`${TEXT}\n${line}${bad}`, [alice.verifier]))).toBe('bad-signature')
  })

  test('a verifier that throws has not verified', () => {
    const throwing = {
      ...alice.verifier,
      verify: () => {
        throw new Error('odd length')
      },
    }
    expect(kindOf(() => openNote(signNote(TEXT, [alice.signer]), [throwing]))).toBe('bad-signature')
    const short = { ...alice.signer, sign: () => new Uint8Array(63) }
    expect(kindOf(() => openNote(signNote(TEXT, [short]), [alice.verifier]))).toBe('bad-signature')
  })

  test('16 signatures and up to 100 are read, more are refused', () => {
    const line = (i: number) => signatureLine(`w${i}`, Uint8Array.of(0, 0, 0, i), new Uint8Array(64))
    const lines = (count: number) => Array.from({ length: count }, (_, i) => line(i))
    expect(openNote(signNote(TEXT, [alice.signer], lines(15)), [alice.verifier]).unverified).toHaveLength(15)
    expect(openNote(signNote(TEXT, [alice.signer], lines(99)), [alice.verifier]).unverified).toHaveLength(99)
    expect(kindOf(() => signNote(TEXT, [alice.signer], lines(100)))).toBe('malformed')
    expect(kindOf(() => parseNote(`${TEXT}\n${lines(101).join('')}`))).toBe('malformed')
  })
})

describe('signing', () => {
  test('signatures can be added to a note, and a signer’s older line is replaced', () => {
    const first = signNote(TEXT, [alice.signer])
    const existing = parseNote(first).signatures.map((s) => s.line)
    const both = signNote(TEXT, [bob.signer], existing)
    expect(both).toBe(signNote(TEXT, [alice.signer, bob.signer]))
    const stale = signatureLine(alice.signer.name, alice.signer.keyId, new Uint8Array(64))
    expect(signNote(TEXT, [alice.signer], [stale])).toBe(first)
    expect(
      signNote(TEXT, [alice.signer], [signatureLine(mallory.signer.name, mallory.signer.keyId, new Uint8Array(64))]),
    ).toContain(first.slice(TEXT.length + 1))
  })

  test.each(['', 'no newline', 'tab\there\n', 'cr\r\n', 'nul\0\n', 'half a pair \ud800\n'])(
    'text %j cannot be signed',
    (text) => {
      expect(kindOf(() => signNote(text, [alice.signer]))).toBe('malformed')
    },
  )

  test.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u3000b', 'a\nb', 'a\0b', '\udc00'])(
    '%j cannot be a key’s name',
    (name) => {
      expect(kindOf(() => signatureLine(name, new Uint8Array(4), new Uint8Array(64)))).toBe('malformed')
    },
  )

  test('a note needs a signature, and a signature line a key id and bytes', () => {
    expect(kindOf(() => signNote(TEXT, []))).toBe('malformed')
    expect(kindOf(() => signatureLine('a', new Uint8Array(3), new Uint8Array(64)))).toBe('malformed')
    expect(kindOf(() => signatureLine('a', new Uint8Array(4), new Uint8Array(0)))).toBe('malformed')
    expect(kindOf(() => signNote(TEXT, [], ['junk']))).toBe('malformed')
  })
})

describe('hostile input', () => {
  const good = signNote(TEXT, [alice.signer, bob.signer])
  const verifiers = [alice.verifier, bob.verifier]

  test.each([
    ['empty', ''],
    ['no blank line', 'text\n\u2014 a AAAAAAA=\n'],
    ['no signature', 'text\n\n'],
    ['no final newline', good.slice(0, -1)],
    ['a hyphen for the dash', good.replaceAll('\u2014', '-')],
    ['carriage returns', good.replaceAll('\n', '\r\n')],
    ['two spaces', good.replace('\u2014 ', '\u2014  ')],
    ['a third field', good.replace(/=?\n$/, ' x\n')],
    ['url-safe base64', signNote(TEXT, [alice.signer]).replace(/ [^ ]*\n$/, ' AAAAAA-_\n')],
    ['base64 with stray bits', 'text\n\n\u2014 a AAAAAAB=\n'],
    ['a payload without a signature', 'text\n\n\u2014 a AAAAAA==\n'],
    ['a NUL', good.replace('one', 'o\0e')],
    ['a megabyte', `${'x'.repeat(1_000_000)}${good}`],
    ['no text', `\n${good.slice(TEXT.length + 1)}`],
  ])('a note with %s is malformed', (_, note) => {
    expect(kindOf(() => openNote(note, verifiers))).toBe('malformed')
  })

  test('a note with any one character changed is refused, or only its unsigned part differs', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ unit: 'binary', maxLength: 2 }), (at, put) => {
        const changed = good.slice(0, at) + put + good.slice(at + 1)
        fc.pre(changed !== good)
        // Bytes of a signature line can turn a known signer into an unknown one, never the text into another.
        if (kindOf(() => openNote(changed, verifiers)) === 'no error')
          expect(openNote(changed, verifiers).text).toBe(TEXT)
      }),
      { numRuns: 500 },
    )
  })

  test('anything at all meets NoteError or an answer', () => {
    const line = fc.oneof(
      fc.constantFrom('', '\u2014 ', '\u2014 a AAAAAAA=', 'origin', '8', '\n'),
      fc.string({ unit: 'binary' }),
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(line).map((lines) => lines.join('\n')),
    )
    fc.assert(
      fc.property(text, (input) => {
        for (const parse of [parseNote, parseCheckpoint, parseSignatureLine, parseSignatureLines])
          kindOf(() => parse(input))
        kindOf(() => openNote(input, verifiers))
        kindOf(() => openCheckpoint(input, verifiers))
      }),
      { numRuns: 1000 },
    )
  })
})
