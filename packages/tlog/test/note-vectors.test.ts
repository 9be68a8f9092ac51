// Keys, notes and checkpoints that Go's sumdb and other C2SP implementations made; Ed25519 is deterministic, so whole
// notes are compared, not just verified.
import { expect, test } from 'vitest'
import {
  cosignatureTime,
  cosignatureVerifier,
  cosigner,
  ed25519Signer,
  ed25519Verifier,
  formatCheckpoint,
  formatPrivateKey,
  formatVkey,
  KeyType,
  openCheckpoint,
  openNote,
  parsePrivateKey,
  parseVkey,
  rootOf,
  signNote,
} from '../src/index.js'
import { base64, ed25519, hasher, hex, sha256, unhex, verify } from './helpers.js'

const zeroSeed = ed25519(new Uint8Array(32))

test('the key of sum.golang.org is read and written back', () => {
  const vkey = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
  const { name, keyId, type, publicKey } = parseVkey(sha256, vkey)
  expect({ name, keyId: hex(keyId), type }).toEqual({ name: 'sum.golang.org', keyId: '033de0ae', type: 1 })
  expect(formatVkey(sha256, name, type, publicKey)).toBe(vkey)
})

test('the example note of the signed-note specification is verified', () => {
  const text = 'This is an example message.\n'
  const payload = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM='
  const verifier = ed25519Verifier(
    sha256,
    'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    verify,
  )
  const opened = openNote(`${text}\n\u2014 example.com/foo ${payload}\n`, [verifier])
  expect(opened.text).toBe(text)
  expect(opened.verified.map((s) => s.name)).toEqual(['example.com/foo'])
  expect(opened.unverified).toEqual([])
})

test('Go’s two-signer note is signed to the same bytes and verified by both keys', () => {
  const skey = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
  const peterVkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
  const enochVkey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
  const text =
    'If you think cryptography is the answer to your problem,\nthen you don\u0027t know what your problem is.\n'
  const { name, keyId, seed } = parsePrivateKey(skey)
  const peter = ed25519(seed)
  expect(hex(keyId)).toBe('c74f20a3')
  expect(formatPrivateKey(sha256, name, peter.publicKey, seed)).toBe(skey)
  expect(formatVkey(sha256, name, KeyType.ed25519, peter.publicKey)).toBe(peterVkey)
  expect(formatVkey(sha256, 'EnochRoot', KeyType.ed25519, zeroSeed.publicKey)).toBe(enochVkey)

  const peterSigner = ed25519Signer(sha256, name, peter.publicKey, peter.sign)
  const enochSigner = ed25519Signer(sha256, 'EnochRoot', zeroSeed.publicKey, zeroSeed.sign)
  const peterLine =
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
  const enochLine =
    '\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ='
  const note = signNote(text, [peterSigner, enochSigner])
  expect(note).toBe(`${text}\n${peterLine}\n${enochLine}\n`)
  expect(signNote(text, [enochSigner], [peterLine])).toBe(note)
  const opened = openNote(note, [
    ed25519Verifier(sha256, peterVkey, verify),
    ed25519Verifier(sha256, enochVkey, verify),
  ])
  expect(opened.verified.map((s) => s.name)).toEqual(['PeterNeumann', 'EnochRoot'])
})

test('our own checkpoint with a witness’s cosignature has exactly these bytes', () => {
  const [origin, witness, time] = ['example.com/audit/vec', 'witness.example.com/vec', 1679315147]
  const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const root = rootOf(
    hasher,
    data.map((d) => hasher.leaf(unhex(d))),
  )
  const note = signNote(formatCheckpoint({ origin, size: 8, root }), [
    ed25519Signer(sha256, origin, zeroSeed.publicKey, zeroSeed.sign),
    cosigner(sha256, witness, zeroSeed.publicKey, zeroSeed.sign, () => time),
  ])
  expect(note).toBe(
    `example.com/audit/vec
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

\u2014 example.com/audit/vec EHogf57dmRcX0mP83DZj3VmbI2ZPSVLBL3+tfXeKPSuDpvxSEmnq5rVXVJk8pLT4jT9An2XF7v3eJAX4FQ9uJvv+sgQ=
\u2014 witness.example.com/vec GVDhggAAAABkGFDLn8VrRsenX4bJDMmSjWVpCqS0WAA9+samg8hYw0dqivtEzwF1P7E2GOy45L+M0kOBV90uf0jDQBV4anqTmpRdBw==
`,
  )
  const logVkey = 'example.com/audit/vec+107a207f+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
  const witnessVkey = 'witness.example.com/vec+1950e182+BDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
  expect(formatVkey(sha256, origin, KeyType.ed25519, zeroSeed.publicKey)).toBe(logVkey)
  expect(formatVkey(sha256, witness, KeyType.cosignatureV1, zeroSeed.publicKey)).toBe(witnessVkey)

  const verifiers = [ed25519Verifier(sha256, logVkey, verify), cosignatureVerifier(sha256, witnessVkey, verify)]
  const opened = openCheckpoint(note, verifiers, origin)
  expect({ ...opened.checkpoint, root: base64(opened.checkpoint.root) }).toEqual({
    origin,
    size: 8,
    root: 'XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=',
    extensions: [],
  })
  expect(opened.verified.map((s) => s.name)).toEqual([origin, witness])
  expect(cosignatureTime(opened.verified[1]!)).toBe(time)
})
