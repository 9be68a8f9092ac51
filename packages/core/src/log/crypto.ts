// SHA-256 and Ed25519 of node:crypto in the shapes that @trailproof/tlog takes.
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import {
  ed25519Signer,
  ed25519Verifier,
  formatCheckpoint,
  HASH_BYTES,
  type NoteVerifier,
  rootOfFull,
  signNote,
  type TreeHasher,
  treeHasher,
} from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'

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
  join(hashes, at) {
    const before = hashes[at - 1]!
    hashes[at - 1] = 1
    const node = hash('sha256', hashes.subarray(at - 1, at + 64), 'binary')
    hashes[at - 1] = before
    putHash(node, hashes, at)
  },
  full(hashes) {
    const known = fullRoots.find((one) => one.hashes.equals(hashes))
    if (known) return known.root.slice()
    const root = rootOfFull(hasher, hashes)
    fullRoots.push({ hashes: Buffer.from(hashes), root })
    if (fullRoots.length > MOST_FULL_ROOTS) fullRoots.shift()
    return root.slice()
  },
}

/**
 * The newest full tiles: a log needs each root twice, for its tiles and for its checkpoints, and to compare 8 KiB costs
 * nothing beside 255 hashes.
 */
const fullRoots: { hashes: Buffer; root: Uint8Array }[] = []
/** As many as a batch may fill. */
const MOST_FULL_ROOTS = 4

const { latin1Write } = Buffer.prototype as unknown as {
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number
}

/** Puts a hash, as text of one character for each byte, into memory of any kind. */
export function putHash(text: string, into: Uint8Array, at: number): void {
  latin1Write.call(into, text, at, HASH_BYTES)
}

/** What signs checkpoints: an Ed25519 key whose secret stays with its owner. */
export interface LogKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The key itself, where the log's own thread may hold it. */
  readonly privateKey?: KeyObject
  /**
   * 64 bytes over the message; may throw, then the log tries again later. A key without `remote` answers at once, one
   * with it by a promise, which has to settle: whoever makes the key sees to a time limit.
   */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Set for a key in another place (KMS, another process), which may be slow, away, or wrong. */
  readonly remote?: RemoteLimits
}

/** How much of a log may stand without a signature while its key is in another place. */
export interface RemoteLimits {
  /** The key is asked at most this often, unless somebody waits for a checkpoint. */
  signEveryMs: number
  /** A leaf without a signature becomes at most this old, and there are at most so many: then nothing more is written. */
  maxUnsignedMs: number
  maxUnsignedRecords: number
}

/** A checkpoint of one log, signed: as text at once, or later where the key is in another place. */
export type CheckpointSigner = (size: number, root: Uint8Array) => string | Promise<string>

/**
 * Writes signed checkpoints of one log, under the log's own name (C2SP: the key name should equal the origin).
 *
 * What a key in another place answers is verified before it becomes a checkpoint.
 *
 * @throws what the key throws; TRAILPROOF_SIGNER_FAILED (as a rejection) its answer is not its signature
 */
export function checkpointSigner(origin: string, key: LogKey): CheckpointSigner {
  const noteOf = (text: string, signature: Uint8Array) =>
    signNote(text, [ed25519Signer(sha256, origin, key.publicKey, () => signature)])
  return (size, root) => {
    const text = formatCheckpoint({ origin, size, root })
    const message = Buffer.from(text)
    const answer = key.sign(message)
    if (answer instanceof Uint8Array) return noteOf(text, answer)
    return answer.then((signature) => {
      if (isSignature(key.publicKey, message, signature)) return noteOf(text, signature)
      throw new TrailproofError('TRAILPROOF_SIGNER_FAILED', 'what the signer answered is no signature of its key', {
        record: 'written',
        hint: 'the public key given with the signer must belong to the key that signs, and that must be Ed25519 over the message itself',
      })
    })
  }
}

function isSignature(publicKey: Uint8Array, message: Uint8Array, signature: unknown): signature is Uint8Array {
  return signature instanceof Uint8Array && signature.length === 64 && verifyEd25519(publicKey, message, signature)
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
