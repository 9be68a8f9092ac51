// Checkpoints as text, signed, cosigned, and many of them in one file.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cosignatureTime,
  cosignatureVerifier,
  cosigner,
  ed25519Signer,
  ed25519Verifier,
  FormatError,
  formatCheckpoint,
  NoteError,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  signNote,
  splitNotes,
} from '../src/index.js'
import { base64, ed25519, hex, sha256, utf8, verify } from './helpers.js'

const origin = 'shop.example/audit/0'
const log = ed25519(new Uint8Array(32).fill(1))
const witness = ed25519(new Uint8Array(32).fill(2))
const logSigner = ed25519Signer(sha256, origin, log.publicKey, log.sign)
const logVerifier = ed25519Verifier(sha256, { name: origin, publicKey: log.publicKey }, verify)
const witnessSigner = cosigner(sha256, 'w.example', witness.publicKey, witness.sign, () => 1_700_000_000)
const witnessVerifier = cosignatureVerifier(sha256, { name: 'w.example', publicKey: witness.publicKey }, verify)
const root = sha256(utf8('root'))
const body = (size: number) => formatCheckpoint({ origin, size, root })

describe('text', () => {
  test('a checkpoint is read back as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        expect(parseCheckpoint(formatCheckpoint({ origin, size, root }))).toEqual({
          origin,
          size,
          root,
          extensions: [],
        })
      }),
    )
  })

  test('extension lines of other logs are exposed', () => {
    expect(parseCheckpoint(`${body(3)}more\nand more\n`).extensions).toEqual(['more', 'and more'])
  })

  const b64 = base64(root)
  test.each([
    '',
    '\n',
    `${origin}\n`,
    `${origin}\n1\n`,
    `\n1\n${b64}\n`,
    `${origin}\n01\n${b64}\n`,
    `${origin}\n-1\n${b64}\n`,
    `${origin}\n+1\n${b64}\n`,
    `${origin}\n1.0\n${b64}\n`,
    `${origin}\n1e3\n${b64}\n`,
    `${origin}\n\n${b64}\n`,
    `${origin}\n 1\n${b64}\n`,
    `${origin}\n9007199254740992\n${b64}\n`,
    `${origin}\n1\n${b64}`,
    `${origin}\n1\n${b64.slice(0, -1)}\n`,
    `${origin}\n1\n${b64.slice(4)}\n`,
    `${origin}\n1\n${b64}\n\nmore\n`,
    `${origin}\r\n1\n${b64}\n`,
  ])('%j is not a checkpoint', (text) => {
    expect(() => parseCheckpoint(text)).toThrow(NoteError)
  })

  test('what cannot be a checkpoint is not written', () => {
    expect(() => formatCheckpoint({ origin: '', size: 0, root })).toThrow(RangeError)
    expect(() => formatCheckpoint({ origin: 'a\nb', size: 0, root })).toThrow(RangeError)
    expect(() => formatCheckpoint({ origin, size: 2 ** 53, root })).toThrow(RangeError)
    expect(() => formatCheckpoint({ origin, size: -1, root })).toThrow(RangeError)
    expect(() => formatCheckpoint({ origin, size: 0, root: root.slice(1) })).toThrow(RangeError)
  })

  test('a checkpoint of another log, signed by the same key, is refused', () => {
    const note = signNote(body(3), [logSigner])
    expect(openCheckpoint(note, [logVerifier], origin).checkpoint.size).toBe(3)
    expect(() => openCheckpoint(note, [logVerifier], 'shop.example/audit/1')).toThrow(
      expect.objectContaining({ kind: 'wrong-origin' }),
    )
    const other = signNote('not a checkpoint\n', [logSigner])
    expect(() => openCheckpoint(other, [logVerifier])).toThrow(expect.objectContaining({ kind: 'malformed' }))
  })
})

describe('cosignatures', () => {
  const note = signNote(body(3), [logSigner, witnessSigner])

  test('a witness’s time is covered by its signature', () => {
    const signature = openNote(note, [witnessVerifier]).verified[0]!
    expect(cosignatureTime(signature)).toBe(1_700_000_000)
    for (let byte = 0; byte < 72; byte++) {
      const changed = signature.signature.map((value, i) => (i === byte ? value ^ 1 : value))
      expect(witnessVerifier.verify(utf8(body(3)), changed)).toBe(false)
    }
  })

  test('a cosignature covers the whole body, also extension lines', () => {
    const extended = signNote(`${body(3)}more\n`, [witnessSigner])
    expect(openCheckpoint(extended, [witnessVerifier]).checkpoint.extensions).toEqual(['more'])
    expect(() => openNote(extended.replace('more', 'less'), [witnessVerifier])).toThrow(NoteError)
  })

  test('a plain signature of the same key is no cosignature, and the reverse', () => {
    const plain = ed25519Signer(sha256, 'w.example', witness.publicKey, witness.sign)
    expect(hex(plain.keyId)).not.toBe(hex(witnessSigner.keyId))
    const posing = { ...plain, keyId: witnessSigner.keyId }
    expect(() => openNote(signNote(body(3), [posing]), [witnessVerifier])).toThrow(
      expect.objectContaining({ kind: 'bad-signature' }),
    )
    expect(() => cosignatureTime({ signature: new Uint8Array(64) })).toThrow(FormatError)
    const huge = new Uint8Array(72).fill(255)
    expect(witnessVerifier.verify(utf8(body(3)), huge)).toBe(false)
  })

  test('a cosigner whose clock gives no whole seconds does not sign', () => {
    const bad = cosigner(sha256, 'w.example', witness.publicKey, witness.sign, () => Date.UTC(2026, 0) / 1001)
    expect(() => signNote(body(3), [bad])).toThrow(RangeError)
  })
})

describe('a file of checkpoints', () => {
  const notes = [1, 2, 3].map((size) => signNote(body(size), size === 2 ? [logSigner, witnessSigner] : [logSigner]))
  const file = notes.join('')

  test('is split into its notes, with nothing left', () => {
    expect(splitNotes(file)).toEqual({ notes, rest: '' })
    expect(splitNotes('')).toEqual({ notes: [], rest: '' })
  })

  test('torn at any character gives the whole notes before, and the rest as it is', () => {
    const ends = notes.map((_, i) => notes.slice(0, i + 1).join('').length)
    for (let end = 0; end <= file.length; end++) {
      const split = splitNotes(file.slice(0, end))
      expect(split.notes.join('') + split.rest).toBe(file.slice(0, end))
      for (const note of split.notes) expect(openNote(note, [logVerifier]).text).toMatch(/^shop/)
      // The second note is whole, and opens, from its first signature line on.
      const whole = ends.filter((at) => at <= end).length
      expect(split.notes.length).toBe(
        end >= notes[0]!.length + signNote(body(2), [logSigner]).length && end < ends[1]! ? 2 : whole,
      )
    }
  })

  test('followed by the NUL bytes of a power cut gives the notes, and the NULs as rest', () => {
    const nuls = '\0'.repeat(100)
    expect(splitNotes(file + nuls)).toEqual({ notes, rest: nuls })
    expect(splitNotes(`${file}${nuls}\n`)).toEqual({ notes, rest: `${nuls}\n` })
  })

  test('with something else in the middle stops there', () => {
    for (const junk of [
      '\n',
      'junk\n',
      '\u2014 not base64!\n',
      'a\nb\n\n\u2014 a AAAAAAA=\n',
      '\n\n\n\n\u2014 a AAAAAAA=\n',
      '\ud800\n',
    ])
      expect(splitNotes(notes[0] + junk + notes[1])).toEqual({ notes: [notes[0]], rest: junk + notes[1] })
  })

  test('loses no character, whatever is in it', () => {
    const part = fc.constantFrom(...notes, '\n', '\n\n', '\u2014 ', '\u2014 a AAAAAAA=\n', 'a\n', '\0')
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const split = splitNotes(parts.join(''))
        expect(split.notes.join('') + split.rest).toBe(parts.join(''))
      }),
    )
  })
})
