// The keys of a service: one root secret, from which every key but the signing key derives, and the signing key.
// From the environment, or from files that only their owner can read. Nothing is made silently in production.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { TrailproofError } from '../errors.js'
import type { LogKey } from '../log/log.js'
import { createOnce, makePrivateFolder } from './files.js'
import { type KeyStore, memoryKeyStore } from './key-store.js'

export interface KeyOptions {
  /** Folder of keys and salts, mode 0700. Default `.trailproof`. All instances of a service share it. */
  dir?: string | undefined
  /** Root key, 32 bytes; instead of environment and file. From a KMS, or in tests. */
  root?: Uint8Array | undefined
  /** Ed25519 private key; instead of environment and file. */
  signing?: KeyObject | undefined
}

export interface Keys {
  dir: string
  /** Derives the key of one purpose, 32 bytes. @see RFC 5869 */
  derive(purpose: string): Buffer
  signing: LogKey
  /** Short public names of the keys in use; tells instances with differing keys apart. */
  ids: { root: string; signing: string }
}

const ROOT = 'root.key'
const SIGNING = 'signing.key'
const PUBLIC = 'signing.pub'

/**
 * Loads the keys. Environment first: `TRAILPROOF_ROOT_KEY` (32 bytes, base64 or hex) and `TRAILPROOF_SIGNING_KEY`
 * (Ed25519, PKCS#8 PEM); then the files in `dir`. Missing files are made for development only.
 *
 * @throws TRAILPROOF_KEY_MISSING in production, naming `trailproof keygen`
 * @throws TRAILPROOF_KEY_UNREADABLE the file is there and cannot be read
 * @throws TRAILPROOF_KEY_UNSAFE others than the owner may read or replace it
 * @throws TRAILPROOF_KEY_INVALID its content is no key
 */
export function loadKeys(options: KeyOptions, env: NodeJS.ProcessEnv = process.env): Keys {
  const dir = resolve(options.dir ?? '.trailproof')
  const rootText = env['TRAILPROOF_ROOT_KEY']
  const signingText = env['TRAILPROOF_SIGNING_KEY']
  const needed = [options.root || rootText ? [] : ROOT, options.signing || signingText ? [] : SIGNING].flat()
  const missing = needed.filter((file) => !exists(join(dir, file)))
  if (missing.length && env['NODE_ENV'] === 'production')
    throw new TrailproofError(
      'TRAILPROOF_KEY_MISSING',
      `no ${missing.join(' and no ')} in ${dir}, and none in the environment`,
      {
        path: dir,
        hint: 'in production keys are never made silently: run `npx trailproof keygen`, or set TRAILPROOF_ROOT_KEY and TRAILPROOF_SIGNING_KEY',
      },
    )
  if (missing.includes(ROOT)) makeRoot(dir)
  if (missing.includes(SIGNING)) makeSigning(dir)
  const root = options.root
    ? checkRoot(options.root, 'option "keys.root"')
    : parseRoot(rootText ?? readKey(join(dir, ROOT)), rootText ? 'TRAILPROOF_ROOT_KEY' : join(dir, ROOT))
  const key = options.signing
    ? checkSigning(options.signing, 'option "keys.signing"')
    : parseSigning(
        signingText ?? readKey(join(dir, SIGNING)),
        signingText ? 'TRAILPROOF_SIGNING_KEY' : join(dir, SIGNING),
      )
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', root, 'trailproof v1', purpose, 32))
  const publicKey = rawPublicKey(key)
  return {
    dir,
    derive,
    signing: { publicKey, sign: (message) => sign(null, message, key), privateKey: key },
    ids: { root: derive('key id').toString('hex', 0, 4), signing: publicKey.toString('hex', 0, 4) },
  }
}

/** Keys and salts that live in memory and are gone with the process: for tests. */
export function memoryKeys(): KeyOptions & { store: KeyStore } {
  return { root: randomBytes(32), signing: generateKeyPairSync('ed25519').privateKey, store: memoryKeyStore() }
}

/**
 * Makes the keys of a service in a new folder (`trailproof keygen`); never touches existing ones.
 *
 * @returns `publicKey` base64, 32 bytes: hand it to verifiers, away from this machine
 * @throws TRAILPROOF_KEY_INVALID keys are there already; nothing was changed
 */
export function generateKeys(folder: string): {
  dir: string
  publicKey: string
  publicKeyFile: string
  files: string[]
} {
  const dir = resolve(folder)
  const files = [ROOT, SIGNING].map((f) => join(dir, f))
  const there = files.filter(exists)
  if (there.length)
    throw new TrailproofError('TRAILPROOF_KEY_INVALID', `${there.join(' and ')} exist already`, {
      path: dir,
      hint: 'keys are never overwritten, since logs and pseudonyms depend on them; choose another folder with --dir',
    })
  makeRoot(dir)
  const publicKey = makeSigning(dir)
  return {
    dir,
    publicKey: publicKey.toString('base64'),
    publicKeyFile: join(dir, PUBLIC),
    files: [...files, join(dir, PUBLIC)],
  }
}

function makeRoot(dir: string): void {
  wrapUnreadable(dir, () => {
    makePrivateFolder(dir)
    createOnce(join(dir, ROOT), `${randomBytes(32).toString('base64')}\n`)
  })
}

function makeSigning(dir: string): Buffer {
  return wrapUnreadable(dir, () => {
    makePrivateFolder(dir)
    const { privateKey } = generateKeyPairSync('ed25519')
    const content = createOnce(join(dir, SIGNING), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    const key = createPublicKey(content)
    // A convenience copy: it follows from the private key, so it may be replaced.
    writeFileSync(join(dir, PUBLIC), key.export({ type: 'spki', format: 'pem' }))
    return rawPublicKey(createPrivateKey(content))
  })
}

function wrapUnreadable<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof TrailproofError) throw cause
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNREADABLE',
      `keys cannot be kept in ${path}: ${(cause as Error).message}`,
      { cause, path },
    )
  }
}

function readKey(path: string): string {
  let text: string
  let mode: number
  try {
    text = readFileSync(path, 'utf8')
    mode = statSync(path).mode
  } catch (cause) {
    throw unreadable(path, cause)
  }
  const folder = dirname(path)
  if (statSync(folder).mode & 0o022)
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNSAFE',
      `others may replace the keys in ${folder}: its mode is 0${(statSync(folder).mode & 0o777).toString(8)}`,
      {
        path: folder,
        hint: `chmod 700 ${folder}`,
      },
    )
  if (mode & 0o077)
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNSAFE',
      `the key ${path} has mode 0${(mode & 0o777).toString(8)}: others may read or replace it`,
      {
        path,
        hint: `chmod 600 ${path}; if others may have read it, make a new one`,
      },
    )
  return text
}

function unreadable(path: string, cause: unknown): TrailproofError {
  return new TrailproofError(
    'TRAILPROOF_KEY_UNREADABLE',
    `the key ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
    {
      cause,
      path,
      hint: 'let the user of this process own it, mode 0600',
    },
  )
}

function parseRoot(text: string, from: string): Uint8Array {
  const t = text.trim()
  if (/^[0-9a-f]{64}$/i.test(t)) return checkRoot(Buffer.from(t, 'hex'), from)
  // Node's decoder skips what is no base64, so that a pass phrase would do.
  return checkRoot(Buffer.from(/^[\w+/-]{43}=?$/.test(t) ? t : '', 'base64'), from)
}

function checkRoot(bytes: Uint8Array, from: string): Uint8Array {
  if (bytes instanceof Uint8Array && bytes.length === 32) return bytes
  throw new TrailproofError('TRAILPROOF_KEY_INVALID', `${from} is not a root key of 32 bytes in base64 or hex`, {
    path: from,
  })
}

function parseSigning(text: string, from: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(text.replaceAll('\\n', '\n')) // as environment files write line ends
  } catch {
    // the parser's message may quote the key: it is not passed on
  }
  return checkSigning(key, from)
}

function checkSigning(key: KeyObject | undefined, from: string): KeyObject {
  if (key?.type === 'private' && key.asymmetricKeyType === 'ed25519') return key
  throw new TrailproofError('TRAILPROOF_KEY_INVALID', `${from} is not an Ed25519 private key in PKCS#8 PEM`, {
    path: from,
  })
}

function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    throw unreadable(path, cause)
  }
}
