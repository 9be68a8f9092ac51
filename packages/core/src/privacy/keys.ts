// The keys of a service: one root secret, from which every key but the signing key derives, and the signing key.
// From the environment, or from files that only their owner can read. Nothing is made silently in production.
import { generateKeyPairSync, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { TrailproofError } from '../errors.js'
import type { LogKey } from '../log/log.js'
import { createOnce, makePrivateFolder } from './files.js'
import { exists, readKey, wrapUnreadable } from './key-files.js'
import { type KeyStore, memoryKeyStore } from './key-store.js'
import type { Signer, SignerOptions } from './signer.js'
import { loadSigning, makeSigning, NEXT, PUBLIC, SIGNING, shortName } from './signing-key.js'

export interface KeyOptions extends SignerOptions {
  /** Folder of keys and salts, mode 0700. Default `.trailproof`. All instances of a service share it. */
  dir?: string | undefined
  /** Root key, 32 bytes; instead of environment and file. From a KMS, or in tests. */
  root?: Uint8Array | undefined
  /** Ed25519 private key, or what signs with one elsewhere (KMS); instead of environment and file. */
  signing?: KeyObject | Signer | undefined
  /**
   * The signing key before `signing`, for the starts at which logs are handed over; instead of
   * `TRAILPROOF_PREVIOUS_SIGNING_KEY`, or of the `signing.key` beside a `signing.next.key`.
   */
  previousSigning?: KeyObject | Signer | undefined
}

export interface Keys {
  dir: string
  /** Derives the key of one purpose, 32 bytes. @see RFC 5869 */
  derive(purpose: string): Buffer
  signing: LogKey
  /** Signed until now; logs that it still signs are handed over to `signing`. */
  previousSigning: LogKey | undefined
  /** Short public names of the keys in use; tells instances with differing keys apart. */
  ids: { root: string; signing: string }
}

const ROOT = 'root.key'

/**
 * Loads the keys. Environment first: `TRAILPROOF_ROOT_KEY` (32 bytes, base64 or hex) and `TRAILPROOF_SIGNING_KEY`
 * (Ed25519, PKCS#8 PEM), with `TRAILPROOF_PREVIOUS_SIGNING_KEY` while logs are handed over; then the files in `dir`. Missing files are made for development only.
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
  const isThere = (file: string) => exists(join(dir, file)) || (file === SIGNING && exists(join(dir, NEXT)))
  const missing = needed.filter((file) => !isThere(file))
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
  const { signing, previousSigning } = loadSigning(dir, options, env)
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', root, 'trailproof v1', purpose, 32))
  return {
    dir,
    derive,
    signing,
    previousSigning,
    ids: { root: derive('key id').toString('hex', 0, 4), signing: shortName(signing) },
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
  const there = [...files, join(dir, NEXT)].filter(exists)
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
