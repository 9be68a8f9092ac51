// Every error that Trailproof raises. A code is for ever; a message may improve.

/** Whether the record that the failed call was about stands in the log. */
export type RecordState = 'not-written' | 'written' | 'unknown'

export type ErrorCode =
  | 'TRAILPROOF_OPTION_INVALID'
  | 'TRAILPROOF_EVENT_INVALID'
  | 'TRAILPROOF_FOLDER_UNWRITABLE'
  | 'TRAILPROOF_FOLDER_CHANGED'
  | 'TRAILPROOF_LOG_CORRUPT'
  | 'TRAILPROOF_CHECKPOINT_CORRUPT'
  | 'TRAILPROOF_LOG_ROLLED_BACK'
  | 'TRAILPROOF_ANCHOR_FAILED'
  | 'TRAILPROOF_ANCHOR_CONFLICT'
  | 'TRAILPROOF_WRITE_FAILED'
  | 'TRAILPROOF_WRITE_UNCERTAIN'
  | 'TRAILPROOF_WRITE_TIMEOUT'
  | 'TRAILPROOF_QUEUE_FULL'
  | 'TRAILPROOF_THREAD_LOST'
  | 'TRAILPROOF_CLOSED'
  | 'TRAILPROOF_KEY_MISSING'
  | 'TRAILPROOF_KEY_UNREADABLE'
  | 'TRAILPROOF_KEY_INVALID'
  | 'TRAILPROOF_KEY_UNSAFE'
  | 'TRAILPROOF_POLICY_INVALID'
  | 'TRAILPROOF_WITNESS_LOCKED'
  | 'TRAILPROOF_WITNESS_STATE_MISSING'
  | 'TRAILPROOF_WITNESS_STATE_CORRUPT'
  | 'TRAILPROOF_SIGNER_FAILED'
  | 'TRAILPROOF_REFUSED'
  | 'TRAILPROOF_LOG_NOT_FOUND'
  | 'TRAILPROOF_LOG_UNREADABLE'
  | 'TRAILPROOF_TILES_CHANGED'
  | 'TRAILPROOF_NOT_PURGED'
  | 'TRAILPROOF_HOOK_UNSUPPORTED'
  | 'TRAILPROOF_CONFIG_UNREADABLE'
  | 'TRAILPROOF_STEPPED_BACK'
  | 'TRAILPROOF_NOTHING_HOOKED'
  | 'TRAILPROOF_INTERNAL'
  | 'TRAILPROOF_NOT_BUILT'

export interface ErrorFacts {
  /** Is the record safe? `not-written` when the error has nothing to do with a record. */
  record?: RecordState
  /** What to do now, one sentence. */
  hint?: string
  cause?: unknown
  [fact: string]: unknown
}

/**
 * The one error class of Trailproof.
 *
 * `code` tells what happened, `record` whether the record is safe, `hint` what to do now; further facts (`index`,
 * `expected`, `found`, `issues`, `path`) are fields. No secret enters a message or a fact.
 */
export class TrailproofError extends Error {
  override readonly name = 'TrailproofError'
  readonly record: RecordState
  readonly hint: string | undefined
  readonly [fact: string]: unknown

  constructor(
    readonly code: ErrorCode,
    message: string,
    facts: ErrorFacts = {},
  ) {
    const { record = 'not-written', hint, cause, ...rest } = facts
    super(hint ? `${message} (${hint})` : message, cause === undefined ? undefined : { cause })
    this.record = record
    this.hint = hint
    Object.assign(this, rest)
  }
}

/** True for errors raised by either module form (ESM, CommonJS) of any loaded copy. */
export function isTrailproofError(error: unknown, code?: ErrorCode): error is TrailproofError {
  const found = (error as { code?: unknown } | null)?.code
  return (
    error instanceof Error && typeof found === 'string' && found.startsWith('TRAILPROOF_') && (!code || found === code)
  )
}
