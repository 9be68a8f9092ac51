// `log.vkey`: the public keys of a log, one a line as C2SP vkey, the first first. The first stays for ever, since verifiers
// have pinned it; each later one was added when the log was handed over to it. None is believed because it stands here.
import { join } from 'node:path'
import { equalBytes, formatVkey, KeyType, type PublicNoteKey, parseVkey } from '@trailproof/tlog'
import { sha256 } from '../../log/crypto.js'
import type { Disk } from './disk.js'
import { readSmall, replaceFile } from './durable.js'
import { VKEY } from './layout.js'
import type { Steps } from './steps.js'

/** A year of daily rotations in 80 KB; one a week in thirty years. */
const MAX_BYTES = 256 * 1024

export interface Vkeys {
  /** Name of every key. */
  origin: string
  /** Raw public keys, oldest first; at least one. */
  keys: Uint8Array[]
}

/** @returns undefined when the file is missing, or is not made of Ed25519 keys of one name */
export function readVkeys(disk: Disk, folder: string): Vkeys | undefined {
  const text = readSmall(disk, join(folder, VKEY), MAX_BYTES)?.toString('utf8')
  if (text === undefined) return undefined
  try {
    const keys = text
      .replace(/\n$/, '')
      .split('\n')
      .map((line): PublicNoteKey => parseVkey(sha256, line))
    const origin = keys[0]!.name
    const fit = keys.every(({ name, type }) => name === origin && type === KeyType.ed25519)
    return fit ? { origin, keys: keys.map(({ publicKey }) => publicKey) } : undefined
  } catch {
    return undefined
  }
}

/** Writes the file with the first key of a log. */
export function* writeVkey(disk: Disk, folder: string, origin: string, publicKey: Uint8Array): Steps<void> {
  yield* write(disk, folder, { origin, keys: [publicKey] })
}

/** Adds a key behind those that are there, durably; does nothing when it is the last already. */
export function* addVkey(disk: Disk, folder: string, origin: string, publicKey: Uint8Array): Steps<void> {
  const found = readVkeys(disk, folder)
  if (found?.origin !== origin) throw new Error(`${VKEY} is not the file that this log was opened with`)
  if (equalBytes(found.keys.at(-1)!, publicKey)) return
  yield* write(disk, folder, { origin, keys: [...found.keys, publicKey] })
}

function* write(disk: Disk, folder: string, { origin, keys }: Vkeys): Steps<void> {
  const lines = keys.map((key) => `${formatVkey(sha256, origin, KeyType.ed25519, key)}\n`)
  yield* replaceFile(disk, join(folder, VKEY), (put) => put(Buffer.from(lines.join(''))))
}
