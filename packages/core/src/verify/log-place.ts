// Where the things of a log lie that are not in its folder.
import { basename, dirname, join, resolve } from 'node:path'
import { lockName, parseLogFolder, slotName } from '../writers/file/layout.js'

export interface LogPlace {
  /** Folder that holds the logs of all slots, and their locks. */
  root: string
  /** `shop-0` */
  slot: string
  lockFile: string
}

/** What belongs to a log folder, by its name; undefined when it is not named as the writer names them. */
export function placeOfLog(dir: string): LogPlace | undefined {
  const root = dirname(resolve(dir))
  const folder = parseLogFolder(basename(resolve(dir)))
  if (!folder) return undefined
  const slot = slotName(folder.service, folder.slot)
  return { root, slot, lockFile: join(root, lockName(slot)) }
}
