// A writer that keeps logs in folders: plain JSON lines, C2SP tiles and checkpoints beside them.
import { TrailproofError } from '../../errors.js'
import { nearest } from '../../near.js'
import type { Writer } from '../writer.js'
import { DEFAULT_BALLAST_BYTES } from './ballast.js'
import { type Disk, nodeDisk } from './disk.js'
import { fileEvidence } from './evidence.js'
import { leaseSlot } from './lease.js'

export interface FileWriterOptions {
  /** Lines in a segment; a multiple of 256. Default 65,536: a closed segment then has exactly one hash on tile level 2. */
  segmentRecords?: number
  /** Bytes after which a segment is closed. Default 64 MiB. */
  segmentBytes?: number
  /** Room kept for the last words on a full disk. Default 64 KiB; 0 keeps none. */
  ballastBytes?: number
  /**
   * Write, hash, sync and sign in a thread of its own. Default true; where threads cannot be had (and where the package
   * was bundled into one file) the log runs in the application's thread, and `health().log.thread` says so.
   */
  thread?: boolean
  /** The file system; for tests. */
  disk?: Disk
}

/**
 * Keeps each log of this process in a folder `<dir>/<service>-<slot>/` (see layout.ts), on a local disk.
 *
 * A line counts as durable once fdatasync has returned for it, and the names of its file and folders are durable too.
 *
 * @param dir - made when missing; several services and processes may share it
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function fileWriter(dir: string, options: FileWriterOptions = {}): Writer {
  const {
    segmentRecords = 65_536,
    segmentBytes = 64 * 1024 * 1024,
    ballastBytes = DEFAULT_BALLAST_BYTES,
    thread = true,
    disk = nodeDisk,
  } = options
  if (typeof dir !== 'string' || dir === '') throw invalid('fileWriter needs the path of a folder')
  const names = ['segmentRecords', 'segmentBytes', 'ballastBytes', 'thread', 'disk']
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw invalid(`unknown option "${name}" of fileWriter`, nearest(name, names, 'options'))
  if (!isCount(segmentRecords) || segmentRecords === 0 || segmentRecords % 256 !== 0)
    throw invalid('option "segmentRecords" must be a multiple of 256')
  if (!isCount(segmentBytes) || segmentBytes === 0) throw invalid('option "segmentBytes" must be a number of bytes')
  if (!isCount(ballastBytes)) throw invalid('option "ballastBytes" must be a number of bytes')
  if (typeof thread !== 'boolean') throw invalid('option "thread" must be true or false')
  const limits = { records: segmentRecords, bytes: segmentBytes }
  return {
    kind: 'file',
    describe: () => ({ dir, segmentRecords, segmentBytes, ballastBytes, thread }),
    lease: (service) => leaseSlot(dir, service, { disk, ballastBytes, limits, thread }),
    ...(disk === nodeDisk && { evidence: (slot) => fileEvidence(dir, slot) }),
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
