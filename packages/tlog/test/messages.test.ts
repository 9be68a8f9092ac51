// What leaves the process as text: proofs for a third party, and the talk with witnesses.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cosignatureVerifier,
  cosigner,
  ed25519Signer,
  ed25519Verifier,
  FormatError,
  formatAddCheckpoint,
  formatCheckpoint,
  formatKnownSize,
  formatTlogProof,
  inclusionProof,
  leafReader,
  NoteError,
  parseAddCheckpoint,
  parseKnownSize,
  parseSignatureLines,
  parseTlogProof,
  rootOf,
  signNote,
  verifyTlogProof,
} from '../src/index.js'
import { base64, ed25519, hasher, manyLeaves, sha256, verify } from './helpers.js'

const origin = 'shop.example/audit/0'
const leaves = manyLeaves(20)
const log = ed25519(new Uint8Array(32).fill(1))
const logSigner = ed25519Signer(sha256, origin, log.publicKey, log.sign)
const logVerifier = ed25519Verifier(sha256, { name: origin, publicKey: log.publicKey }, verify)
const witnesses = [2, 3, 4].map((seed) => {
  const { publicKey, sign } = ed25519(new Uint8Array(32).fill(seed))
  const name = `w${seed}.example`
  return {
    signer: cosigner(sha256, name, publicKey, sign, () => 1_700_000_000),
    verifier: cosignatureVerifier(sha256, { name, publicKey }, verify),
  }
})
const text = formatCheckpoint({ origin, size: 20, root: rootOf(hasher, leaves) })
const checkpoint = signNote(text, [logSigner, witnesses[0]!.signer, witnesses[1]!.signer])
const proof = await inclusionProof(hasher, 13, 20, leafReader(hasher, leaves))
const file = formatTlogProof({ index: 13, proof, checkpoint })
const leaf = leaves[13]!

describe('a proof file', () => {
  test('has the lines of the specification', () => {
    const hashes = proof.map((hash) => `${base64(hash)}\n`).join('')
    expect(file).toBe(`c2sp.org/tlog-proof@v1\nindex 13\n${hashes}\n${checkpoint}`)
    const extra = formatTlogProof({ index: 0, proof: [], checkpoint, extra: Uint8Array.of(1, 2) })
    expect(extra).toBe(`c2sp.org/tlog-proof@v1\nextra AQI=\nindex 0\n\n${checkpoint}`)
  })

  test('is read back, with and without extra data', () => {
    expect(parseTlogProof(file)).toEqual({ index: 13, proof, checkpoint })
    for (const extra of [new Uint8Array(0), Uint8Array.of(1, 2)])
      expect(parseTlogProof(formatTlogProof({ index: 0, proof: [], checkpoint, extra }))).toEqual({
        index: 0,
        proof: [],
        checkpoint,
        extra,
      })
  })

  test('proves its record with the log’s key alone', () => {
    const { index, opened } = verifyTlogProof(hasher, file, leaf, { log: logVerifier })
    expect([index, opened.checkpoint.size]).toEqual([13, 20])
  })

  test('does not prove another record, nor another index, nor with a hash changed', () => {
    const wrong = [file.replace('index 13', 'index 12'), file.replace(base64(proof[1]!), base64(proof[2]!))]
    expect(() => verifyTlogProof(hasher, file, leaves[12]!, { log: logVerifier })).toThrow(FormatError)
    for (const changed of wrong)
      expect(() => verifyTlogProof(hasher, changed, leaf, { log: logVerifier })).toThrow(FormatError)
    expect(() => verifyTlogProof(hasher, file, new Uint8Array(3), { log: logVerifier })).toThrow(FormatError)
  })

  test('needs the log’s own signature, the right origin, and the quorum of witnesses', () => {
    const verifiers = witnesses.map((w) => w.verifier)
    const proves = (quorum?: number) =>
      verifyTlogProof(hasher, file, leaf, {
        log: logVerifier,
        witnesses: verifiers,
        ...(quorum !== undefined && { quorum }),
      })
    expect(proves(2).index).toBe(13)
    expect(() => proves(3)).toThrow(expect.objectContaining({ kind: 'unverified' }))
    expect(() => proves()).toThrow(expect.objectContaining({ kind: 'unverified' }))
    expect(() => proves(4)).toThrow(RangeError)
    const unsigned = formatTlogProof({ index: 13, proof, checkpoint: signNote(text, [witnesses[0]!.signer]) })
    expect(() =>
      verifyTlogProof(hasher, unsigned, leaf, { log: logVerifier, witnesses: verifiers, quorum: 1 }),
    ).toThrow(NoteError)
    expect(() => verifyTlogProof(hasher, file, leaf, { log: logVerifier, origin: 'other' })).toThrow(NoteError)
  })

  test('a witness given twice, or the log as its own witness, makes no quorum', () => {
    const [first, , third] = witnesses.map((w) => w.verifier)
    expect(() =>
      verifyTlogProof(hasher, file, leaf, { log: logVerifier, witnesses: [first!, first!], quorum: 2 }),
    ).toThrow(RangeError)
    const withLog = { log: logVerifier, witnesses: [third!, logVerifier], quorum: 1 }
    expect(() => verifyTlogProof(hasher, file, leaf, withLog)).toThrow(NoteError)
  })

  test.each([
    '',
    'c2sp.org/tlog-proof@v1\n',
    file.replace('@v1', '@v2'),
    file.replace('index 13', 'index 013'),
    file.replace('index', 'Index'),
    file.replace('index 13\n', ''),
    file.replace('index', 'extra !\nindex'),
    file.replace('index 13\n', 'index 13\nAAAA\n'),
    file.slice(0, 300),
    file.replace('index 13\n', `index 13\n${'A'.repeat(43)}=\n`.repeat(1) + `${'A'.repeat(43)}=\n`.repeat(63)),
  ])('damaged (%#) is refused as malformed', (damaged) => {
    expect(() => parseTlogProof(damaged)).toThrow(FormatError)
  })

  test('that cannot be right is not written', () => {
    expect(() => formatTlogProof({ index: -1, proof, checkpoint })).toThrow(RangeError)
    expect(() => formatTlogProof({ index: 1, proof: [leaf.slice(1)], checkpoint })).toThrow(RangeError)
    expect(() => formatTlogProof({ index: 1, proof, checkpoint: text })).toThrow(NoteError)
  })
})

describe('witness messages', () => {
  test('a request has the lines of the specification and is read back', () => {
    const first = { oldSize: 0, proof: [], checkpoint }
    expect(formatAddCheckpoint(first)).toBe(`old 0\n\n${checkpoint}`)
    expect(parseAddCheckpoint(formatAddCheckpoint(first))).toEqual(first)
    const later = { oldSize: 7, proof, checkpoint }
    expect(parseAddCheckpoint(formatAddCheckpoint(later))).toEqual(later)
  })

  test('a request with up to 63 hashes is taken, more is refused', () => {
    const hashes = (count: number) => `${base64(leaf)}\n`.repeat(count)
    expect(parseAddCheckpoint(`old 5\n${hashes(63)}\n${checkpoint}`).proof).toHaveLength(63)
    expect(() => parseAddCheckpoint(`old 5\n${hashes(64)}\n${checkpoint}`)).toThrow(FormatError)
    expect(() => formatAddCheckpoint({ oldSize: 5, proof: Array(64).fill(leaf), checkpoint })).toThrow(RangeError)
  })

  test.each([
    '',
    'old 5\n',
    `old -5\n\n${checkpoint}`,
    `old 05\n\n${checkpoint}`,
    `size 5\n\n${checkpoint}`,
    `old 5\nAAAA\n\n${checkpoint}`,
    `old 5\n\n${text}`,
  ])('request %# is malformed', (body) => {
    expect(() => parseAddCheckpoint(body)).toThrow(FormatError)
  })

  test('a witness’s answer is its signature lines', () => {
    const lines = signNote(text, [witnesses[0]!.signer, witnesses[1]!.signer]).slice(text.length + 1)
    expect(parseSignatureLines(lines).map((s) => s.name)).toEqual(['w2.example', 'w3.example'])
    for (const bad of ['', '\n', lines.slice(0, -1), `${lines}\n`])
      expect(() => parseSignatureLines(bad)).toThrow(NoteError)
  })

  test('the size in an answer 409 is read back, and nothing else is a size', () => {
    expect(formatKnownSize(42)).toBe('42\n')
    fc.assert(fc.property(fc.maxSafeNat(), (size) => parseKnownSize(formatKnownSize(size)) === size))
    for (const bad of ['', '42', '042\n', '42\n\n', '-1\n', '9007199254740992\n', 'x\n'])
      expect(() => parseKnownSize(bad)).toThrow(FormatError)
    expect(() => formatKnownSize(1.5)).toThrow(RangeError)
  })

  test('anything at all meets FormatError or an answer', () => {
    const line = fc.oneof(
      fc.constantFrom('old 1', 'index 1', 'c2sp.org/tlog-proof@v1', '', checkpoint, base64(leaf)),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const parse of [parseAddCheckpoint, parseTlogProof, parseKnownSize])
          try {
            parse(lines.join('\n'))
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError)
          }
      }),
      { numRuns: 500 },
    )
  })
})
