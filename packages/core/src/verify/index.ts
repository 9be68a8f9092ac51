// What the package exports of verify/.

export type { AnchoredCheckpoint, AnchorSource, Receipts } from './anchored.js'
export type { Condition } from './condition.js'
export { contentsReader, type LogContents, memoryReader } from './contents-reader.js'
export { folderReader } from './folder-reader.js'
export { parseKeys } from './keys.js'
export { type LogPlace, placeOfLog } from './log-place.js'
export { type Chunk, lineEnds, type Reader } from './reader.js'
export type { Anchored, LogReport, Note, NoteKind, Place, Problem, ProblemKind, RootReport, Trust } from './report.js'
export { type VerifyOptions, verifyLog } from './verify-log.js'
export { findLogs, verifyRoot } from './verify-root.js'
export type { Progress } from './walk.js'
