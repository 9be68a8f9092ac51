// `trailproof retain`: retention for a log that no process holds. It takes the slot as an application would, so that the
// record of the purge is signed and nobody else writes meanwhile.
import { basename, resolve } from 'node:path'
import { TrailproofError } from '../errors.js'
import { WallClock } from '../event/time.js'
import { checkOptions } from '../options.js'
import { loadKeys } from '../privacy/keys.js'
import { Recorder } from '../recorder.js'
import { folderReader } from '../verify/folder-reader.js'
import { placeOfLog } from '../verify/log-place.js'
import type { LogReport } from '../verify/report.js'
import { verifyLog } from '../verify/verify-log.js'
import { nodeDisk } from '../writers/file/disk.js'
import { type FileWriter, fileWriter } from '../writers/file/file-writer.js'
import { epochName, newestEpoch, parseLogFolder } from '../writers/file/layout.js'
import { notPurged, retain } from '../writers/file/retain.js'
import type { Lease, Retained } from '../writers/writer.js'

export interface RetainLogOptions {
  /** Records older than this may go. */
  olderThanDays: number
  /** Who asks, for the record. */
  by: string
  /** Says what would be removed, and removes nothing; needs neither the keys nor the slot. */
  dryRun?: boolean | undefined
  /** Folder of the keys. Default `.trailproof`; the environment comes first, as for createAudit. */
  keys?: string | undefined
  /** Milliseconds since 1970; for tests. */
  now?: (() => number) | undefined
}

/**
 * Removes the old records of one log, as the option `retention` does in a running process. The whole log is verified
 * before: what is removed can never be looked at again.
 *
 * @param dir - folder of one log
 * @returns one entry for each purge record that was (or would be) written, and a last one without
 * @throws TRAILPROOF_LOG_NOT_FOUND `dir` is not named as a log is
 * @throws TRAILPROOF_NOT_PURGED a living process holds the log, a later log has taken its place, a hold stands, or it does
 * not verify (then `problems` says how); nothing was removed
 * @throws TRAILPROOF_KEY_MISSING, TRAILPROOF_KEY_INVALID, … there are no keys, or others than those that signed the log
 */
export async function retainLog(dir: string, options: RetainLogOptions): Promise<Retained[]> {
  const { olderThanDays, by, dryRun, now = Date.now } = options
  if (!(Number.isInteger(olderThanDays) && olderThanDays >= 1 && olderThanDays <= 36_500))
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'a limit is a whole number of days from 1 to 36500')
  const place = placeOfLog(dir)
  const named = parseLogFolder(basename(resolve(dir)))
  if (!place || !named)
    throw new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', `${dir} is not named as a log is`, { path: dir })
  if (epochName(place.slot, newestEpoch(place.slot, nodeDisk.list(place.root) ?? [])) !== named.name)
    throw notPurged(dir, 'a later log has taken its place, so it takes no record', 'it is evidence: keep it')
  if (dryRun) return [await retain({ disk: nodeDisk, folder: dir }, { olderThanDays, by, now: now() })]

  // Keys are never made here: a log signed with others would be taken for damaged.
  const keys = loadKeys({ dir: options.keys }, { ...process.env, NODE_ENV: 'production' })
  const files = fileWriter(place.root)
  const lease = files.leaseThis(place.slot)
  if (!lease)
    throw notPurged(dir, 'a living process holds it', 'the process purges by itself when its option "retention" is set')
  try {
    mustVerify(
      dir,
      await verifyLog(folderReader(dir), { keys: [Buffer.from(keys.signing.publicKey).toString('base64')] }),
    )
    return await underLease(files, lease, named.service, options)
  } finally {
    lease.release()
  }
}

function mustVerify(dir: string, { problems }: LogReport): void {
  if (problems.length === 0) return
  const { detail } = problems[0]!
  throw notPurged(dir, `it does not verify: ${detail}`, 'see trailproof verify; keep it as evidence', { problems })
}

async function underLease(
  files: FileWriter,
  lease: Lease,
  service: string,
  { olderThanDays, by, keys, now }: RetainLogOptions,
): Promise<Retained[]> {
  const writer = { ...files, lease: () => lease }
  const settings = checkOptions({
    service,
    writer,
    keys: { ...(keys !== undefined && { dir: keys }) },
    heartbeatEveryMs: 0,
  })
  const recorder = new Recorder(settings, now ? { now } : new WallClock())
  try {
    return await recorder.retain({ olderThanDays, by })
  } finally {
    await recorder.close()
  }
}
