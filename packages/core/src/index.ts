// The public face of Trailproof's core.
export { type Audit, createAudit, type Health, type Opened } from './audit.js'
export { type ErrorCode, isTrailproofError, type RecordState, TrailproofError } from './errors.js'
export { CATALOGUE, type CatalogueEntry, type CatalogueName } from './event/catalogue.js'
export type {
  ActorType,
  AuditEvent,
  Auth,
  EventName,
  Events,
  Identity,
  Outcome,
  Severity,
  Target,
  TokenFacts,
} from './event/event.js'
export type { LogRecord } from './event/log-record.js'
export * from './follow/index.js'
export type { Counts, Coverage } from './hook/coverage.js'
export type { LogHealth, LogState, Receipt } from './log/log.js'
export type { AuditOptions } from './options.js'
export type { Policy, PolicyRule } from './policy/policy.js'
export type {
  DroppedReceipt,
  DurableReceipt,
  QueuedReceipt,
  ReceiptFor,
  RecordReceipt,
  WaitFor,
} from './policy/receipt.js'
export { fileKeyStore, type KeyStore, memoryKeyStore } from './privacy/key-store.js'
export { generateKeys, type KeyOptions, memoryKeys } from './privacy/keys.js'
export * from './publish/index.js'
export * from './verify/index.js'
export { VERSION } from './version.js'
export { type Disk, nodeDisk } from './writers/file/disk.js'
export { type FileWriterOptions, fileWriter } from './writers/file/file-writer.js'
export { memoryWriter } from './writers/memory.js'
export type { Batch, Head, Lease, OpenLog, OpenRequest, Writer } from './writers/writer.js'
