// Keys of signed notes and their text forms: `name+id+key` to hand out, Go's `PRIVATE+KEY+name+id+seed` to keep.
import { encodeBase64, tryDecodeBase64 } from './base64.js'
import { concatBytes, decodeHex, encodeHex, equalBytes, utf8 } from './bytes.js'
import { FormatError } from './errors.js'
import type { Sha256 } from './merkle.js'
import { isKeyName } from './note.js'

/** Signature types of C2SP signed-note that have a name here; `type` elsewhere may be any byte. */
export const KeyType = { ed25519: 0x01, ecdsa: 0x02, cosignatureV1: 0x04, rfc6962: 0x05, mldsa44: 0x06 } as const

/** A public key with its name, as a vkey carries it. */
export interface PublicNoteKey {
  name: string
  keyId: Uint8Array
  type: number
  publicKey: Uint8Array
}

/** A private Ed25519 key; `seed` is 32 bytes and secret. */
export interface PrivateNoteKey {
  name: string
  keyId: Uint8Array
  seed: Uint8Array
}

/** The four bytes that, with the name, tell a verifier which key made a signature. Not a proof of anything. */
export function keyId(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): Uint8Array {
  // ECDSA keys come from Sigstore, which hashes the key alone.
  if (type === KeyType.ecdsa) return sha256(publicKey).slice(0, 4)
  return sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4)
}

/**
 * The vkey text of a public key, to be given to verifiers by a way the log does not control.
 *
 * @throws RangeError the name is not fit for a key, the type not a byte, or the key empty
 */
export function formatVkey(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): string {
  if (!isKeyName(name)) throw new RangeError('a key name is not empty and has no space, plus or control character')
  if (!Number.isInteger(type) || type < 0 || type > 255 || publicKey.length === 0) throw new RangeError('not a key')
  const id = encodeHex(keyId(sha256, name, type, publicKey))
  return `${name}+${id}+${encodeBase64(concatBytes(Uint8Array.of(type), publicKey))}`
}

/**
 * Reads a vkey and checks that its key id belongs to its key. Keys of types this package cannot verify are read too.
 *
 * @throws FormatError not a vkey, or the key id is another's
 */
export function parseVkey(sha256: Sha256, vkey: string): PublicNoteKey {
  const { name, id, key } = parts(vkey)
  const type = key[0]!
  const publicKey = key.slice(1)
  if (publicKey.length === 0) throw new FormatError('the vkey has no key')
  if (!equalBytes(id, keyId(sha256, name, type, publicKey)))
    throw new FormatError('the key id in the vkey does not belong to its key')
  if ((type === KeyType.ed25519 || type === KeyType.cosignatureV1) && publicKey.length !== 32)
    throw new FormatError('an Ed25519 public key is 32 bytes')
  return { name, keyId: id, type, publicKey }
}

const PRIVATE = 'PRIVATE+KEY+'

/** Go's text for a private Ed25519 key (golang.org/x/mod/sumdb/note). The result is secret. */
export function formatPrivateKey(sha256: Sha256, name: string, publicKey: Uint8Array, seed: Uint8Array): string {
  if (!isKeyName(name) || publicKey.length !== 32 || seed.length !== 32) throw new RangeError('not an Ed25519 key')
  const id = encodeHex(keyId(sha256, name, KeyType.ed25519, publicKey))
  return `${PRIVATE}${name}+${id}+${encodeBase64(concatBytes(Uint8Array.of(KeyType.ed25519), seed))}`
}

/**
 * Reads Go's text for a private key. Its key id can only be checked with the public key: compare it to the signer's.
 *
 * @throws FormatError not such a text; the message holds nothing of it
 */
export function parsePrivateKey(text: string): PrivateNoteKey {
  if (!text.startsWith(PRIVATE)) throw new FormatError('not a private key')
  const { name, id, key } = parts(text.slice(PRIVATE.length))
  if (key[0] !== KeyType.ed25519 || key.length !== 33) throw new FormatError('not a private Ed25519 key')
  return { name, keyId: id, seed: key.slice(1) }
}

// Splits name+id+base64 at the first two pluses only: base64 has pluses too.
function parts(text: string): { name: string; id: Uint8Array; key: Uint8Array } {
  const first = text.indexOf('+')
  const second = text.indexOf('+', first + 1)
  const name = text.slice(0, first)
  const id = text.slice(first + 1, second)
  const key = tryDecodeBase64(text.slice(second + 1))
  if (first < 1 || second < 0 || !isKeyName(name) || !/^[0-9a-f]{8}$/.test(id) || !key || key.length < 1)
    throw new FormatError('not a key in the form name+id+key')
  return { name, id: decodeHex(id), key }
}
