// `trailproof keygen`
import { generateWitnessKey } from '@trailproof/anchors'
import { generateKeys } from '@trailproof/core'
import { print, printJson } from '../output.js'

export interface KeygenOptions {
  dir: string
  /** Name of the witness to make a key for. */
  witness?: string
  json?: boolean
}

export async function keygen({ dir, witness, json }: KeygenOptions): Promise<number> {
  if (witness !== undefined) return witnessKeygen(dir, witness, json)
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

async function witnessKeygen(dir: string, name: string, json: boolean | undefined): Promise<number> {
  const key = generateWitnessKey(dir, name)
  if (json) {
    await printJson(key)
    return 0
  }
  await print(
    [
      `made ${key.files.join(', ')}`,
      `public key: ${key.vkey}`,
      '',
      'Give the public key to the logs that will ask this witness, and to whoever verifies them. Then, once:',
      `  trailproof witness --init --state <folder> --key ${key.files[0]} --log <vkey of a log>`,
      '',
    ].join('\n'),
  )
  return 0
}
