// What publishing meets when a log, or what was published of it before, is not what it should be.
import { TrailproofError } from '../errors.js'

/** The log does not hold what its checkpoint signs. */
export const corruptLog = (message: string, index: number) =>
  new TrailproofError('TRAILPROOF_LOG_CORRUPT', message, {
    index,
    record: 'written',
    hint: 'trailproof verify says what was changed, and where',
  })

/** There is no checkpoint to go by, or it must not be believed. */
export const corruptCheckpoint = (message: string) =>
  new TrailproofError('TRAILPROOF_CHECKPOINT_CORRUPT', message, {
    record: 'written',
    hint: 'trailproof verify tells more',
  })

/** What stands in a tiles folder contradicts the log. */
export const changedTiles = (message: string) =>
  new TrailproofError('TRAILPROOF_TILES_CHANGED', message, {
    record: 'written',
    hint: 'find out which of the two was changed; to begin anew, export to an empty folder',
  })
