// SHA-256 and Ed25519 of node:crypto in the shapes that @trailproof/tlog takes.
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import {
  ed25519Signer,
  ed25519Verifier,
  formatCheckpoint,
  type NoteVerifier,
  signNote,
  type TreeHasher,
  treeHasher,
} from '@trailproof/tlog'

/** One-shot SHA-256. Text output is the fast way out of OpenSSL: 'buffer' costs twice as much (performance.md section 1). */
export function sha256(data: Uint8Array): Uint8Array {
  return Buffer.from(hash('sha256', data, 'binary'), 'latin1')
}

const nodeBytes = Buffer.alloc(65, 1) // 0x01, left, right; filled anew for each node

/** RFC 6962 hashes over node:crypto; nodes, of which each line costs two, without a copy on the way. */
export const hasher: TreeHasher = {
  ...treeHasher(sha256),
  node(left, right) {
    nodeBytes.set(left, 1)
    nodeBytes.set(right, 33)
    return sha256(nodeBytes)
  },
}

/** What signs checkpoints: an Ed25519 key whose secret stays with its owner. */
export interface LogKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes over the message; may throw, then the log tries again later. */
  sign(message: Uint8Array): Uint8Array
  /** The key itself, where the log's own thread may hold it. */
  readonly privateKey?: KeyObject
}

/** Writes signed checkpoints of one log, under the log's own name (C2SP: the key name should equal the origin). */
export function checkpointSigner(origin: string, key: LogKey): (size: number, root: Uint8Array) => string {
  const signer = ed25519Signer(sha256, origin, key.publicKey, (message) => key.sign(message))
  return (size, root) => signNote(formatCheckpoint({ origin, size, root }), [signer])
}

/** Verifies checkpoints of one log: its own name and this public key, nothing else. */
export function checkpointVerifier(origin: string, publicKey: Uint8Array): NoteVerifier {
  return ed25519Verifier(sha256, { name: origin, publicKey }, verifyEd25519)
}

/** Verifies an Ed25519 signature with a raw 32-byte public key; false also for a key that is none. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, message, importKey(publicKey), signature)
  } catch {
    return false
  }
}

let lastKey: { raw: string; key: KeyObject } | undefined // a log has one key; importing costs more than verifying

function importKey(publicKey: Uint8Array): KeyObject {
  const raw = Buffer.from(publicKey).toString('base64url')
  if (lastKey?.raw !== raw)
    lastKey = { raw, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' }) }
  return lastKey.key
}

/**
 * RFC 6962 leaf hash of a line inside a buffer, without copying it.
 *
 * @param start - at least 1: the byte before the line is borrowed for the leaf prefix and given back
 */
export function leafHashIn(buffer: Buffer, start: number, end: number): Uint8Array {
  const before = buffer[start - 1]!
  buffer[start - 1] = 0
  const leaf = hash('sha256', buffer.subarray(start - 1, end), 'binary')
  buffer[start - 1] = before
  return Buffer.from(leaf, 'latin1')
}
