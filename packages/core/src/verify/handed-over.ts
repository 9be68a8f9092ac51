// Whether the logs in a folder are handed over to the next signing key, so that the old one is not needed any more.
import { basename } from 'node:path'
import { newestEpoch, parseLogFolder, slotName } from '../writers/file/layout.js'
import { folderReader } from './folder-reader.js'
import { Judge } from './judge.js'
import { rawText } from './key-ranges.js'
import { parseKeys, publicKey } from './keys.js'
import { findLogs } from './verify-root.js'

/** A log that can be continued, and whether the next key has signed its newest synced checkpoint. */
export interface HandedOver {
  name: string
  done: boolean
}

/**
 * Looks at each log that a process would continue; one that was followed by another epoch is over and needs no key.
 *
 * @param dir - a log folder, or the root folder of several
 * @param next - the next public key, 32 bytes
 * @throws TRAILPROOF_LOG_NOT_FOUND
 */
export async function handedOver(dir: string, next: Uint8Array): Promise<HandedOver[]> {
  const folders = await findLogs(dir)
  const names = folders.map((folder) => basename(folder))
  const judge = new Judge([publicKey(undefined, next)], [])
  const logs: HandedOver[] = []
  for (const folder of folders) {
    const place = parseLogFolder(basename(folder))
    if (place && place.epoch !== newestEpoch(slotName(place.service, place.slot), names)) continue
    const reader = folderReader(folder)
    const note = await reader.newest()
    // A log that was made for the next key needs no other, though nothing in it is signed yet.
    const done =
      note === undefined ? lastKey(await reader.vkey()) === rawText(next) : !(await judge.judge(note)).refused
    logs.push({ name: basename(folder), done })
  }
  return logs
}

function lastKey(vkey: string | undefined): string | undefined {
  try {
    const last = parseKeys(vkey ?? '').at(-1)
    return last && rawText(last.raw)
  } catch {
    return undefined
  }
}
