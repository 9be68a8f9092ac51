// Tails a log folder: everything after the log (forwarders, detectors, `trailproof tail`) reads through here.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { TrailproofError } from '../errors.js'
import { SEGMENTS } from '../writers/file/layout.js'
import { Changes } from './changes.js'
import { DurableSize } from './durable-size.js'
import { type Line, SegmentCursor } from './segment-cursor.js'

export interface FollowOptions {
  /** Leaf index to begin with. Default 0. */
  from?: number | undefined
  /** Ends the iteration quietly. */
  signal?: AbortSignal | undefined
  /** Looks at the folder at least this often, whether or not the system tells of changes. Default 250. */
  pollMs?: number | undefined
}

/**
 * Yields the lines of a log as they become durable, in order, each once, for as long as the caller likes.
 *
 * Durable is what a checkpoint covers: lines that a crash left above the newest one come once their recovery has signed
 * them. Half a line never comes. Where retention removed lines, `index` jumps.
 *
 * @param dir - the folder of one log
 * @throws TRAILPROOF_LOG_NOT_FOUND there is no log in `dir` when the iteration begins
 * @throws TRAILPROOF_LOG_UNREADABLE a line is longer than any record, or a segment is no file: verify tells more
 */
export async function* followLog(dir: string, options: FollowOptions = {}): AsyncGenerator<Line> {
  const { from = 0, signal, pollMs = 250 } = options
  await mustBeLog(dir)
  const cursor = new SegmentCursor(dir, from)
  const durable = new DurableSize(dir)
  const changes = new Changes(dir, pollMs, signal)
  try {
    while (!signal?.aborted) {
      for await (const line of cursor.lines(await durable.read())) {
        if (signal?.aborted) return
        yield line
      }
      await changes.next()
    }
  } finally {
    changes.close()
  }
}

/**
 * Yields the lines of a log as it stands, signed or not, up to the first that is not whole.
 *
 * @throws TRAILPROOF_LOG_NOT_FOUND, TRAILPROOF_LOG_UNREADABLE as followLog
 */
export async function* readLog(dir: string, options: { from?: number | undefined } = {}): AsyncGenerator<Line> {
  await mustBeLog(dir)
  yield* new SegmentCursor(dir, options.from ?? 0).lines(Number.POSITIVE_INFINITY)
}

async function mustBeLog(dir: string): Promise<void> {
  try {
    await access(join(dir, SEGMENTS))
  } catch (cause) {
    throw new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', `there is no log in ${dir}`, {
      hint: 'give the folder of one log, as audit/shop-0',
      cause,
    })
  }
}
