// Everything @trailproof/testkit offers: an audit in memory for an application's own tests, and what proves writers.
export {
  type AdapterContractOptions,
  type AppUnderTest,
  adapterContract,
  playScenario,
  SCENARIOS,
} from './adapter/contract.js'
export type {
  ContractShop,
  PassportUnderTest,
  ShopAnswer,
  ShopCall,
  ShopLibraries,
  ShopRoute,
} from './adapter/shop.js'
export { type AnchorContractOptions, type AnchorUnderTest, anchorContract } from './anchor-contract.js'
export { type CheckedLog, type CheckLogOptions, checkLog, type LookInto } from './check-log.js'
export { checkNumbers } from './check-numbers.js'
export { CrashDisk, type CrashDiskOptions, type DiskCall, type Fault, failNth } from './crash-disk.js'
export { ManualTimers, turns } from './manual-timers.js'
export { type MemoryAudit, memoryAudit, type TestRecord } from './memory-audit.js'
export { type Random, seededRandom } from './random.js'
export { type TestKey, testKey } from './test-key.js'
export {
  batchOf,
  type TestRunner,
  type WriterContractOptions,
  type WriterUnderTest,
  writerContract,
} from './writer-contract.js'
