// `trailproof keygen`
import { generateKeys } from '@trailproof/core'
import { print, printJson } from '../output.js'

export interface KeygenOptions {
  dir: string
  json?: boolean
}

export async function keygen({ dir, json }: KeygenOptions): Promise<number> {
  const keys = generateKeys(dir)
  if (json) {
    await printJson(keys)
    return 0
  }
  await print(
    [
      `made ${keys.files.join(', ')}`,
      `public key: ${keys.publicKey}`,
      '',
      `Give the public key (${keys.publicKeyFile}) to whoever verifies, by a way that does not lead over this machine:`,
      '  trailproof verify <path> --key <public key>',
      'Keep a copy of the other files: without them, references to persons and sessions in old records cannot be computed again.',
      '',
    ].join('\n'),
  )
  return 0
}
