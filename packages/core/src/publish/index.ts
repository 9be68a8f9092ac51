// What the package exports of publish/.
export {
  checkProof,
  type ProofProblem,
  type ProofProblemKind,
  type ProofReport,
  type ProofToCheck,
} from './check-proof.js'
export { proveConsistency, type SignedTree } from './consistency.js'
export { type ExportOptions, exportTiles, type TilesExport } from './export-tiles.js'
export { proveRecord, type RecordProof } from './prove-record.js'
export { type ListedLog, type TilesHandler, type TilesHandlerOptions, tilesHandler } from './tiles-handler.js'
