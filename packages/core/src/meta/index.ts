// What the package exports of meta/.
export type { Finding, FindingKind } from './memory.js'
export { metaCheckpoints } from './memory.js'
export { type MetaLog, type MetaLogOptions, openMetaLog, type Round } from './meta-log.js'
