// Errors of anchors: what could not be done is tried again, what contradicts is evidence.
import { TrailproofError } from '@trailproof/core'

/** The anchor did not take the checkpoint, or its answer is no receipt; the runner tries again. */
export const failed = (message: string, hint: string, cause?: unknown): TrailproofError =>
  new TrailproofError('TRAILPROOF_ANCHOR_FAILED', message, { hint, ...(cause !== undefined && { cause }) })

/** The anchor knows a tree of this log that ours is not the continuation of. */
export const contradicted = (message: string): TrailproofError =>
  new TrailproofError('TRAILPROOF_ANCHOR_CONFLICT', message, {
    hint: 'the log was rolled back, or somebody else signs with its key: keep log and anchor as evidence, and verify',
  })

export const invalid = (message: string, hint?: string): TrailproofError =>
  new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint === undefined ? {} : { hint })

/** Can it be an anchor's name, which names its files? */
export const isAnchorName = (name: unknown): name is string =>
  typeof name === 'string' && /^[a-z0-9-]{1,64}$/.test(name)

export function checkName(name: string): string {
  if (isAnchorName(name)) return name
  throw invalid('the name of an anchor is of lower-case letters, digits and "-"', 'name: "elsewhere"')
}
