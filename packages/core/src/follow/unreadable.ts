// A log in which somebody has put what no log holds. Reading stops there: to step over it could hide records.
import { TrailproofError } from '../errors.js'

export const unreadable = (path: string, message: string) =>
  new TrailproofError('TRAILPROOF_LOG_UNREADABLE', message, { path, hint: 'run trailproof verify' })
