// What the log says when a line does not get into it, or gets there without a signature.
import { TrailproofError } from '../errors.js'

export function closedError(): TrailproofError {
  return new TrailproofError('TRAILPROOF_CLOSED', 'the log is closed', { record: 'not-written' })
}

/** The line is durable, only no checkpoint covers it. */
export function asCheckpointError(cause: TrailproofError): TrailproofError {
  return new TrailproofError('TRAILPROOF_WRITE_FAILED', 'the record is written, but no checkpoint covers it', {
    record: 'written',
    cause,
  })
}

export function endedBeforeKeys(event: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_WRITE_FAILED', 'the process ended before the keys of this record were kept', {
    event,
  })
}

export function endedBefore(): TrailproofError {
  return new TrailproofError('TRAILPROOF_WRITE_UNCERTAIN', 'the process ended before these lines were written', {
    record: 'unknown',
  })
}

export function timeoutError(ms: number): TrailproofError {
  return new TrailproofError('TRAILPROOF_WRITE_TIMEOUT', `the disk has not answered for ${ms} ms`, {
    record: 'unknown',
  })
}

export function unserialisable(event: string, cause: unknown): TrailproofError {
  return new TrailproofError('TRAILPROOF_EVENT_INVALID', `event "${event}" could not be serialised`, { event, cause })
}

export function queueFull(event: string, id?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_QUEUE_FULL', `the record of "${event}" was dropped: the queue is full`, {
    event,
    id,
  })
}

export function threadLost(cause: Error): TrailproofError {
  return new TrailproofError('TRAILPROOF_THREAD_LOST', `the log's thread was lost: ${cause.message}`, {
    record: 'unknown',
    hint: "the log goes on in the application's thread with everything that was queued; restart when convenient",
    cause,
  })
}

export function asTrailproofError(
  cause: unknown,
  message: string,
  record: 'not-written' | 'written' | 'unknown' = 'unknown',
  code: 'TRAILPROOF_WRITE_FAILED' | 'TRAILPROOF_SIGNER_FAILED' = 'TRAILPROOF_WRITE_FAILED',
): TrailproofError {
  if (cause instanceof TrailproofError) return cause
  return new TrailproofError(code, message, { record, cause })
}
