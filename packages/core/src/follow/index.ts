// What the package exports of follow/.
export { type FollowOptions, followLog, readLog } from './follow.js'
export { lastLines } from './last-lines.js'
export type { Line } from './segment-cursor.js'
