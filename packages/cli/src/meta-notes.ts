// `--meta`: what a meta-log has recorded of the logs that are verified.
import { resolve } from 'node:path'
import { findLogs, folderReader, metaCheckpoints, TrailproofError, verifyRoot } from '@trailproof/core'
import { safe } from './terminal.js'

/**
 * The newest checkpoint of each log under a path, or of the one that the path is.
 *
 * @throws TRAILPROOF_LOG_NOT_FOUND
 * @throws TRAILPROOF_LOG_CORRUPT the meta-log does not verify, so what it says proves nothing
 */
export async function notesOf(metaLog: string, path: string): Promise<string[]> {
  const { logs, ok } = await verifyRoot(metaLog)
  if (!ok)
    throw new TrailproofError(
      'TRAILPROOF_LOG_CORRUPT',
      `the meta-log in ${safe(metaLog)} does not verify: ${logs.flatMap(({ problems }) => problems)[0]!.detail}`,
      { record: 'written', hint: 'verify it by itself, and keep the folder as evidence' },
    )
  const folders = await findLogs(path)
  if (folders.length > 1 || resolve(folders[0]!) !== resolve(path)) return metaCheckpoints(metaLog)
  const newest = await folderReader(path).newest()
  return metaCheckpoints(metaLog, newest?.split('\n', 1)[0] ?? '')
}
