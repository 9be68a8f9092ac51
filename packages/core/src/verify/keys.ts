// Whom verify believes. A vkey (`name+id+key`) pins origin and key; a bare public key pins the key alone.
import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { KeyType, keyId, parseVkey, type Sha256, tryDecodeBase64 } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'

/** One public key and, when it came as a vkey, the origin it belongs to. */
export interface PublicKey {
  origin: string | undefined
  raw: Uint8Array
  key: KeyObject
}

export const sha256: Sha256 = (data) => hash('sha256', data, 'buffer')

// The 12 bytes that turn 32 bytes of Ed25519 public key into SPKI (RFC 8410 section 4).
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Reads public keys from text, as an option or a file brings them: vkeys and base64 keys, one a line (`#` begins a
 * comment), or PEM.
 *
 * @throws TRAILPROOF_KEY_INVALID none of these, or a private key
 */
export function parseKeys(text: string): PublicKey[] {
  if (text.includes('PRIVATE')) throw invalid('this is a private key', 'give verify the public key only')
  if (text.includes('-----BEGIN'))
    return text
      .split(/(?=-----BEGIN)/)
      .filter(isPem)
      .map(fromPem)
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseKey)
  if (keys.length === 0) throw invalid('there is no key in it', HINT)
  return keys
}

const isPem = (text: string) => text.includes('-----BEGIN')

const HINT = 'a vkey (name+id+key), 32 bytes of base64, or a PEM public key'

function parseKey(line: string): PublicKey {
  if (/^[^+]+\+[0-9a-f]{8}\+/.test(line)) return fromVkey(line)
  const bytes = tryDecodeBase64(line)
  if (bytes?.length === SPKI.length + 32 && SPKI.equals(bytes.subarray(0, SPKI.length)))
    return publicKey(undefined, bytes.slice(SPKI.length))
  if (bytes?.length !== 32) throw invalid('this is no Ed25519 public key', HINT)
  return publicKey(undefined, bytes)
}

function fromVkey(vkey: string): PublicKey {
  let parsed: ReturnType<typeof parseVkey>
  try {
    parsed = parseVkey(sha256, vkey)
  } catch (cause) {
    throw invalid(`the vkey is malformed: ${(cause as Error).message}`, HINT, cause)
  }
  if (parsed.type !== KeyType.ed25519) throw invalid(`the vkey is of type ${parsed.type}, not Ed25519`, HINT)
  return publicKey(parsed.name, parsed.publicKey)
}

function fromPem(pem: string): PublicKey {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'ed25519')
      return publicKey(undefined, key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length))
  } catch (cause) {
    throw invalid('the PEM cannot be read', HINT, cause)
  }
  throw invalid('the PEM is not an Ed25519 key', HINT)
}

export function publicKey(origin: string | undefined, raw: Uint8Array): PublicKey {
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' })
  return { origin, raw: Uint8Array.from(raw), key }
}

/** The key id in a signature line depends on the key's name, which is the origin. */
export const idOf = (origin: string, raw: Uint8Array): string =>
  Buffer.from(keyId(sha256, origin, KeyType.ed25519, raw)).toString('hex')

const invalid = (message: string, hint: string, cause?: unknown) =>
  new TrailproofError('TRAILPROOF_KEY_INVALID', message, { hint, ...(cause !== undefined && { cause }) })

/** The only origins to accept, where every key says whose it is; else none, which means any. */
export function originsOf(keys: readonly PublicKey[]): string[] {
  const origins = keys.flatMap(({ origin }) => origin ?? [])
  return origins.length === keys.length ? origins : []
}
