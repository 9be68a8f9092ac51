// Keys for tests: made from a seed, so that signatures repeat. Never use one for a real log.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'

export interface TestKey {
  publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

export function testKey(seed = 'test'): TestKey {
  const raw = createHash('sha256').update(seed).digest()
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), raw])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { publicKey: Uint8Array.from(publicKey), sign: (message) => sign(null, message, key) }
}
