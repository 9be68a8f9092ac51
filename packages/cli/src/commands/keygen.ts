// `trailproof keygen`: makes keys, and rotates the signing key.
import { generateWitnessKey } from '@trailproof/anchors'
import { generateKeys, handedOver, keysInRotation, makeNextKey, retireKey, TrailproofError } from '@trailproof/core'
import { print, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface KeygenOptions {
  dir: string
  /** Name of the witness to make a key for. */
  witness?: string
  rotate?: boolean
  retire: string[]
  json?: boolean
}

export async function keygen({ dir, witness, rotate, retire, json }: KeygenOptions): Promise<number> {
  if (witness !== undefined) return witnessKeygen(dir, witness, json)
  if (rotate && retire.length > 0)
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', '--rotate and --retire are the two ends of a rotation', {
      hint: 'between them the service has to be started once',
    })
  if (rotate) return begin(dir, json)
  if (retire.length > 0) return end(dir, retire, json)
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

async function begin(dir: string, json: boolean | undefined): Promise<number> {
  const next = makeNextKey(dir)
  if (json) await printJson(next)
  else
    await print(
      [
        `made ${next.file}; the key before it stays until it is retired`,
        `next public key: ${next.publicKey}`,
        '',
        'Now restart every process of the service: each log is handed over when it is opened. Then',
        `  trailproof keygen --dir ${safe(dir)} --retire <path of the logs>`,
        `Whoever verifies keeps the first key, and may add this one: ${next.publicKeyFile} holds both.`,
        '',
      ].join('\n'),
    )
  return 0
}

async function end(dir: string, paths: readonly string[], json: boolean | undefined): Promise<number> {
  const keys = keysInRotation(dir)
  if (!keys) retireKey(dir) // says that there is nothing to end, or ends what only lacks its last step
  const logs = keys ? (await Promise.all(paths.map((path) => handedOver(path, keys.next)))).flat() : []
  const open = logs.filter(({ done }) => !done)
  const retired = open.length === 0
  if (keys && retired) retireKey(dir)
  process.exitCode = retired ? 0 : 1
  if (json) await printJson({ retired, logs })
  else
    await print(
      retired
        ? `every log is handed over (${logs.length}); the old key is gone from ${safe(dir)}\n`
        : [
            `${open.length} of ${logs.length} logs still need the old key: ${open.map(({ name }) => safe(name)).join(', ')}`,
            'Start a process of the service for each of them, or move a log that is over to another folder: it verifies there as before.',
            'Nothing was changed.',
            '',
          ].join('\n'),
    )
  return retired ? 0 : 1
}
