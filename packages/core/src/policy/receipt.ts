// What `audit.record()` resolves or rejects with when its record is not safe in time.
import { TrailproofError } from '../errors.js'
import type { Receipt } from '../log/entry.js'
import type { Policy } from './policy.js'

/** `queued`: in memory. `durable`: survives a power cut. `checkpointed`: and stands below a signed, synced checkpoint. */
export type WaitFor = 'queued' | 'durable' | 'checkpointed'

/** The record is in memory, on its way. */
export interface QueuedReceipt {
  id: string
  state: 'queued'
}

/** There was no room for the record, or the audit is closed: it is lost, counted, told in `audit.dropped`; health is red. */
export interface DroppedReceipt {
  id: string
  state: 'dropped'
}

/** The record is safe; `origin`, `index` and `leafHash` (hex) are what the log claims about it. */
export interface DurableReceipt extends Receipt {
  id: string
  state: 'durable' | 'checkpointed'
}

export type RecordReceipt = QueuedReceipt | DroppedReceipt | DurableReceipt

/** What `record` resolves with: an explicit wait is kept or rejected; the default may go on without (see docs/policy.md). */
export type ReceiptFor<W extends WaitFor | undefined> = W extends 'queued'
  ? QueuedReceipt
  : W extends 'durable' | 'checkpointed'
    ? DurableReceipt
    : RecordReceipt

/**
 * Policy decides whether the application goes on without a receipt.
 *
 * @param wait what the application asked for by name; undefined: the default, which follows the policy
 * @param error what kept the record out; undefined when the wait ended first
 * @throws TRAILPROOF_REFUSED, TRAILPROOF_WRITE_TIMEOUT, or the error itself
 */
export function withoutReceipt(
  id: string,
  event: string,
  policy: Policy,
  wait: WaitFor | undefined,
  error: TrailproofError | undefined,
): RecordReceipt {
  if (error?.code === 'TRAILPROOF_EVENT_INVALID') throw error
  if (policy.onFailure === 'refuse') throw refused(id, event, error)
  if (error && wait !== undefined) throw error
  // Never "queued" for what is not in the queue: that would be a silent loss.
  const lost = error?.code === 'TRAILPROOF_QUEUE_FULL' || error?.code === 'TRAILPROOF_CLOSED'
  if (wait === undefined) return { id, state: lost ? 'dropped' : 'queued' }
  throw new TrailproofError(
    'TRAILPROOF_WRITE_TIMEOUT',
    `the record of "${event}" was not ${wait} within ${policy.waitAtMostMs} ms`,
    { id, record: 'unknown', hint: 'it is still queued and may be written; look up its id before recording it again' },
  )
}

/** An error that Express, Koa and Nest answer with 503. */
function refused(id: string, event: string, cause: TrailproofError | undefined): Error {
  const error = new TrailproofError('TRAILPROOF_REFUSED', `"${event}" is refused: its record is not safe`, {
    id,
    record: cause?.record ?? 'unknown',
    cause,
  })
  return Object.assign(error, { status: 503, statusCode: 503 })
}
