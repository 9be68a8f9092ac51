// Signers and verifiers of plain Ed25519 note signatures (type 0x01), around functions the caller brings.
import { FormatError } from './errors.js'
import { KeyType, keyId, type PublicNoteKey, parseVkey } from './keys.js'
import type { Sha256 } from './merkle.js'
import type { NoteSigner, NoteVerifier } from './note.js'

/** Ed25519 signing with a key the caller holds: 64 bytes over the message. */
export type Sign = (message: Uint8Array) => Uint8Array

/** Ed25519 verification with a raw 32-byte public key. */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** A verifier's key: its vkey text, or name and raw public key. */
export type VerifierKey = string | { name: string; publicKey: Uint8Array }

/** The log's signer. `publicKey` must belong to the key behind `sign`; it only goes into the key id. */
export function ed25519Signer(sha256: Sha256, name: string, publicKey: Uint8Array, sign: Sign): NoteSigner {
  return { name, keyId: keyId(sha256, name, KeyType.ed25519, publicKey), sign }
}

/**
 * The log's verifier.
 *
 * @throws FormatError a vkey text that is malformed or of another type than Ed25519 (0x01)
 */
export function ed25519Verifier(sha256: Sha256, key: VerifierKey, verify: Verify): NoteVerifier {
  const { name, keyId, publicKey } = verifierKey(sha256, key, KeyType.ed25519)
  return {
    name,
    keyId,
    verify: (message, signature) => signature.length === 64 && verify(publicKey, message, signature),
  }
}

/** Reads a verifier's key, whose type must be as given. @throws FormatError */
export function verifierKey(sha256: Sha256, key: VerifierKey, type: number): PublicNoteKey {
  if (typeof key !== 'string') return { ...key, type, keyId: keyId(sha256, key.name, type, key.publicKey) }
  const parsed = parseVkey(sha256, key)
  if (parsed.type !== type) throw new FormatError(`a key of type ${parsed.type}, not ${type}`)
  return parsed
}
