// What can go wrong between a log and its witnesses. A failure is tried again; a conflict is an alarm about the log itself.
import { TrailproofError } from '@trailproof/core'

/** What a witness did: `unreachable`, `refused` (an answer that is no cosignature) or `invalid` (one that is not true). */
export type FailureReason = 'unreachable' | 'refused' | 'invalid' | 'quorum'

/** The witness knows a larger tree (`rolled_back`), or another one of a size that we have (`forked`). */
export type ConflictReason = 'rolled_back' | 'forked'

type Facts = Record<string, unknown>

export function failed(reason: FailureReason, message: string, facts: Facts = {}): TrailproofError {
  return new TrailproofError('TRAILPROOF_ANCHOR_FAILED', message, { reason, ...facts })
}

export function conflict(reason: ConflictReason, message: string, facts: Facts = {}): TrailproofError {
  return new TrailproofError('TRAILPROOF_ANCHOR_CONFLICT', message, {
    reason,
    hint: 'the log was rolled back or rewritten, or somebody else signs with its key: keep the folder and verify it',
    ...facts,
  })
}
