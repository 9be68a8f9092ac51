// Commands that are about one log take its folder, or a root folder with no other log in it.
import { basename } from 'node:path'
import { findLogs, TrailproofError } from '@trailproof/core'
import { safe } from './terminal.js'

/**
 * @throws TRAILPROOF_LOG_NOT_FOUND
 * @throws TRAILPROOF_OPTION_INVALID there are several; the hint names them
 */
export async function oneLog(path: string): Promise<string> {
  const [first, ...more] = await findLogs(path)
  if (more.length === 0) return first!
  const names = [first!, ...more.slice(0, 9)].map((folder) => safe(basename(folder))).join(', ')
  throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `there are ${1 + more.length} logs in ${safe(path)}`, {
    hint: `name the folder of one: ${names}${more.length > 9 ? ', …' : ''}`,
  })
}
