// The key of a witness: one line, as Go's note package writes private keys, so that other people's witnesses can take it
// over. What it signs with is cosignature/v1 (type 4), so its public key differs from a log's only in the type.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { TrailproofError } from '@trailproof/core'
import { sha256 } from '@trailproof/core/adapter'
import {
  cosigner,
  equalBytes,
  FormatError,
  formatPrivateKey,
  formatVkey,
  isKeyName,
  KeyType,
  keyId,
  type NoteSigner,
  parsePrivateKey,
} from '@trailproof/tlog'
import { createFile } from './durable.js'

export interface WitnessKey {
  name: string
  /** Public: for the logs that ask this witness, and for whoever verifies. */
  vkey: string
  /** A signer whose cosignatures bear the time that `now` gives, POSIX seconds. */
  signer(now: () => number): NoteSigner
}

const KEY_FILE = 'witness.key'
const VKEY_FILE = 'witness.vkey'
// What turns 32 bytes of Ed25519 seed into PKCS#8 (RFC 8410 section 7).
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Makes the key of a witness in a folder (`trailproof keygen --witness`); never touches an existing one.
 *
 * @param name - as others will know the witness, best a host name: `witness.example.com/shop`
 * @throws TRAILPROOF_KEY_INVALID the name is not fit for a key, or a key is there already; nothing was changed
 */
export function generateWitnessKey(folder: string, name: string) {
  if (!isKeyName(name))
    throw invalidKey(`"${name}" cannot name a witness`, 'no spaces, no "+"; a host name is best: witness.example.com')
  const dir = resolve(folder)
  const [file, vkeyFile] = [join(dir, KEY_FILE), join(dir, VKEY_FILE)]
  const { privateKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8.length)
  const publicKey = rawPublicKey(privateKey)
  const vkey = formatVkey(sha256, name, KeyType.cosignatureV1, publicKey)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    createFile(file, `${formatPrivateKey(sha256, name, publicKey, seed)}\n`, 0o600)
    createFile(vkeyFile, `${vkey}\n`, 0o644)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw invalidKey(`there is a witness key in ${dir} already`, 'keys are never overwritten; choose another --dir')
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNREADABLE',
      `keys cannot be kept in ${dir}: ${(cause as Error).message}`,
      { cause, path: dir },
    )
  }
  return { dir, name, vkey, vkeyFile, files: [file, vkeyFile] }
}

/**
 * Reads the key of a witness.
 *
 * @throws TRAILPROOF_KEY_UNREADABLE it is not there, or cannot be read
 * @throws TRAILPROOF_KEY_UNSAFE others than the owner may read or replace it
 * @throws TRAILPROOF_KEY_INVALID it is no such key
 */
export function readWitnessKey(path: string): WitnessKey {
  const text = readSecret(path)
  try {
    const { name, keyId: id, seed } = parsePrivateKey(text.trim())
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
    const publicKey = rawPublicKey(key)
    if (!equalBytes(id, keyId(sha256, name, KeyType.ed25519, publicKey))) throw new FormatError('another key id')
    return {
      name,
      vkey: formatVkey(sha256, name, KeyType.cosignatureV1, publicKey),
      signer: (now) => cosigner(sha256, name, publicKey, (message) => sign(null, message, key), now),
    }
  } catch {
    // The parser's message may quote the key: it is not passed on.
    throw invalidKey(`${path} is not the key of a witness`, 'make one with `npx trailproof keygen --witness <name>`')
  }
}

function readSecret(path: string): string {
  let text: string
  let mode: number
  let folder: number
  try {
    text = readFileSync(path, 'utf8')
    mode = statSync(path).mode
    folder = statSync(dirname(resolve(path))).mode
  } catch (cause) {
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNREADABLE',
      `the key ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      { cause, path, hint: 'let the user of this process own it, mode 0600' },
    )
  }
  if (mode & 0o077 || (folder & 0o022 && !(folder & 0o1000)))
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNSAFE',
      `others may read or replace the key ${path}: mode 0${(mode & 0o777).toString(8)}, its folder 0${(folder & 0o777).toString(8)}`,
      { path, hint: `chmod 600 ${path}; if others may have read it, make a new one` },
    )
  return text
}

const rawPublicKey = (key: KeyObject): Uint8Array =>
  Uint8Array.from(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))

const invalidKey = (message: string, hint: string) => new TrailproofError('TRAILPROOF_KEY_INVALID', message, { hint })
