// The signing key: from the options, the environment, or a file; and, while logs are handed over, the one before it.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TrailproofError } from '../errors.js'
import type { LogKey } from '../log/log.js'
import { createOnce, makePrivateFolder, replaceFile } from './files.js'
import { exists, readKey, wrapUnreadable } from './key-files.js'
import type { KeyOptions } from './keys.js'
import { isSigner, remoteKey, type Signer } from './signer.js'

/** Files in the folder of keys. `NEXT` is there from `keygen --rotate` until every log is handed over to it. */
export const SIGNING = 'signing.key'
export const NEXT = 'signing.next.key'
export const PUBLIC = 'signing.pub'

export interface SigningKeys {
  signing: LogKey
  previousSigning: LogKey | undefined
}

/** @throws TRAILPROOF_KEY_UNREADABLE, TRAILPROOF_KEY_UNSAFE, TRAILPROOF_KEY_INVALID as loadKeys */
export function loadSigning(dir: string, options: KeyOptions, env: NodeJS.ProcessEnv): SigningKeys {
  const fromEnv = (name: string) => env[name] && localKey(parseSigning(env[name], name))
  const fromFile = (name: string) => {
    const path = join(dir, name)
    return exists(path) ? localKey(parseSigning(readKey(path), path)) : undefined
  }
  const given = (name: 'signing' | 'previousSigning') => options[name] && givenKey(options[name], name, options)

  const brought = given('signing') || fromEnv('TRAILPROOF_SIGNING_KEY')
  const next = brought ? undefined : fromFile(NEXT)
  const signing = brought || next || localKey(parseSigning(readKey(join(dir, SIGNING)), join(dir, SIGNING)))
  const previous =
    given('previousSigning') || fromEnv('TRAILPROOF_PREVIOUS_SIGNING_KEY') || (next && fromFile(SIGNING)) || undefined
  const isSame = previous && Buffer.compare(previous.publicKey, signing.publicKey) === 0
  return { signing, previousSigning: isSame ? undefined : previous }
}

/** First bytes of the public key: tells keys apart, and is not the key id of notes, which depends on the log's name. */
export const shortName = ({ publicKey }: LogKey): string => Buffer.from(publicKey).toString('hex', 0, 4)

/** Makes a signing key in a file, unless it is there, and adds its public key to those that verifiers are given. */
export function makeSigning(dir: string, name = SIGNING): Buffer {
  return wrapUnreadable(dir, () => {
    makePrivateFolder(dir)
    const { privateKey } = generateKeyPairSync('ed25519')
    const content = createOnce(join(dir, name), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    const key = createPublicKey(content)
    // A convenience copy: it follows from the private keys, so it may be replaced.
    const pem = key.export({ type: 'spki', format: 'pem' }) as string
    const known = name === NEXT ? readPublic(dir) : ''
    if (!known.includes(pem)) replaceFile(join(dir, PUBLIC), known + pem, 0o644)
    return rawPublicKey(key)
  })
}

function readPublic(dir: string): string {
  try {
    return readFileSync(join(dir, PUBLIC), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function givenKey(key: KeyObject | Signer, name: 'signing' | 'previousSigning', options: KeyOptions): LogKey {
  return isSigner(key) ? remoteKey(key, options) : localKey(checkSigning(key, `option "keys.${name}"`))
}

function localKey(key: KeyObject): LogKey {
  return { publicKey: rawPublicKey(createPublicKey(key)), sign: (message) => sign(null, message, key), privateKey: key }
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
  const what = from.startsWith('option') ? 'an Ed25519 private key or a Signer' : 'an Ed25519 private key in PKCS#8 PEM'
  throw new TrailproofError('TRAILPROOF_KEY_INVALID', `${from} is not ${what}`, {
    path: from,
    ...(from.startsWith('option') && {
      hint: 'a Signer has `publicKey` (32 bytes) and `sign(message, signal)`',
    }),
  })
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32)
}
