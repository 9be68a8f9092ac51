// A writer that keeps logs in folders: plain JSON lines, C2SP tiles and checkpoints beside them.
import { resolve } from 'node:path'
import { TrailproofError } from '../../errors.js'
import { nearest } from '../../near.js'
import type { Lease, Writer } from '../writer.js'
import { DEFAULT_BALLAST_BYTES } from './ballast.js'
import { type Disk, nodeDisk } from './disk.js'
import { fileEvidence } from './evidence.js'
import { leaseSlot, leaseThis } from './lease.js'
import { folderOf, retain } from './retain.js'

export interface FileWriterOptions {
  /** Lines in a segment; a multiple of 256. Default 65,536: a closed segment then has exactly one hash on tile level 2. */
  segmentRecords?: number
  /** Bytes after which a segment is closed. Default 64 MiB. */
  segmentBytes?: number
  /**
   * Milliseconds after which a segment is closed, at the next multiple of 256 lines, so that retention can remove it.
   * Default 24 hours.
   */
  segmentAgeMs?: number
  /** Bytes of `checkpoints.log` beyond which older checkpoints are thinned out. Default 16 MiB. */
  historyBytes?: number
  /** Room kept for the last words on a full disk. Default 64 KiB; 0 keeps none. */
  ballastBytes?: number
  /**
   * Write, hash, sync and sign in a thread of its own. Default true; where threads cannot be had (and where the package
   * was bundled into one file) the log runs in the application's thread, and `health().log.thread` says so.
   */
  thread?: boolean
  /** The file system; for tests. */
  disk?: Disk
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

export interface FileWriter extends Writer {
  retain: NonNullable<Writer['retain']>
  /** Takes one slot and no other; undefined when a living process holds it. */
  leaseThis(slot: string): Lease | undefined
}

/**
 * Keeps each log of this process in a folder `<dir>/<service>-<slot>/` (see layout.ts), on a local disk.
 *
 * A line counts as durable once fdatasync has returned for it, and the names of its file and folders are durable too.
 *
 * @param dir - made when missing; several services and processes may share it
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function fileWriter(dir: string, options: FileWriterOptions = {}): FileWriter {
  const {
    segmentRecords = 65_536,
    segmentBytes = 64 * 1024 * 1024,
    segmentAgeMs = 24 * 3_600_000,
    historyBytes = 16 * 1024 * 1024,
    ballastBytes = DEFAULT_BALLAST_BYTES,
    thread = true,
    disk = nodeDisk,
    now = Date.now,
  } = options
  if (typeof dir !== 'string' || dir === '') throw invalid('fileWriter needs the path of a folder')
  const names = [
    'segmentRecords',
    'segmentBytes',
    'segmentAgeMs',
    'historyBytes',
    'ballastBytes',
    'thread',
    'disk',
    'now',
  ]
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw invalid(`unknown option "${name}" of fileWriter`, nearest(name, names, 'options'))
  if (!isCount(segmentRecords) || segmentRecords === 0 || segmentRecords % 256 !== 0)
    throw invalid('option "segmentRecords" must be a multiple of 256')
  if (!isCount(segmentBytes) || segmentBytes === 0) throw invalid('option "segmentBytes" must be a number of bytes')
  if (!isCount(segmentAgeMs) || segmentAgeMs === 0)
    throw invalid('option "segmentAgeMs" must be a number of milliseconds')
  if (!isCount(historyBytes)) throw invalid('option "historyBytes" must be a number of bytes')
  if (!isCount(ballastBytes)) throw invalid('option "ballastBytes" must be a number of bytes')
  if (typeof thread !== 'boolean') throw invalid('option "thread" must be true or false')
  const leaseOptions = {
    disk,
    ballastBytes,
    limits: { records: segmentRecords, bytes: segmentBytes, ageMs: segmentAgeMs, now },
    thinning: { bytes: historyBytes, records: segmentRecords },
    thread,
  }
  return {
    kind: 'file',
    describe: () => ({ dir, segmentRecords, segmentBytes, segmentAgeMs, historyBytes, ballastBytes, thread }),
    ...(disk === nodeDisk && { evidence: (slot: string) => fileEvidence(dir, slot) }),
    lease: (service) => leaseSlot(dir, service, leaseOptions),
    leaseThis: (slot) => leaseThis(dir, slot, leaseOptions),
    retain(origin, request) {
      const folder = folderOf(disk, resolve(dir), origin)
      if (folder) return retain({ disk, folder }, request)
      return Promise.reject(
        new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', `there is no log ${origin} in ${dir}`, { path: dir }),
      )
    },
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
