// The public face of Trailproof's core.
export type { Anchor, AnchorCheckpoint, AnchorHealth, AnchorReceipt } from './anchor/anchor.js'
export { originFileName } from './anchor/origin-file-name.js'
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
export { KNOWN_LIBRARIES, type Unhooked } from './hook/unhooked.js'
export type { LogHealth, LogState, Receipt } from './log/log.js'
export type { Timers } from './log/timers.js'
export * from './meta/index.js'
export type { AuditOptions } from './options.js'
export type { Declared } from './policy/declared.js'
export type { Override, OverrideHealth, OverrideRequest } from './policy/override.js'
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
export { keysInRotation, makeNextKey, retireKey } from './privacy/rotate-key.js'
export type { Signer, SignerOptions } from './privacy/signer.js'
export * from './publish/index.js'
export { type RetainLogOptions, retainLog } from './retention/retain-log.js'
export type { StorageCheck } from './upkeep/check.js'
export { keyChecks } from './upkeep/keys.js'
export { isLockHeld } from './upkeep/lock.js'
export { fileSystemOf, storageChecks } from './upkeep/storage.js'
export * from './verify/index.js'
export { VERSION } from './version.js'
export { type Disk, type DiskLock, nodeDisk } from './writers/file/disk.js'
export { type FileWriter, type FileWriterOptions, fileWriter } from './writers/file/file-writer.js'
export { memoryWriter } from './writers/memory.js'
export type {
  Batch,
  Elsewhere,
  Evidence,
  Head,
  Lease,
  OpenLog,
  OpenRequest,
  Retained,
  RetainRequest,
  Writer,
} from './writers/writer.js'
