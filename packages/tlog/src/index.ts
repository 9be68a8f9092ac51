// Everything @trailproof/tlog offers. Nothing here reads files, clocks or the network.
export { decodeBase64, encodeBase64, tryDecodeBase64 } from './base64.js'
export { decodeBundle, encodeBundle, MAX_ENTRY_BYTES } from './bundle.js'
export { concatBytes, decodeHex, encodeHex, equalBytes, isHash, utf8 } from './bytes.js'
export {
  type Checkpoint,
  formatCheckpoint,
  type OpenedCheckpoint,
  openCheckpoint,
  type ParsedCheckpoint,
  parseCheckpoint,
} from './checkpoint.js'
export { cosignatureTime, cosignatureVerifier, cosigner } from './cosignature.js'
export { ed25519Signer, ed25519Verifier, type Sign, type VerifierKey, type Verify } from './ed25519.js'
export { FormatError, NoteError, type NoteErrorKind } from './errors.js'
export {
  formatPrivateKey,
  formatVkey,
  KeyType,
  keyId,
  type PrivateNoteKey,
  type PublicNoteKey,
  parsePrivateKey,
  parseVkey,
} from './keys.js'
export { Frontier, HASH_BYTES, rootOf, rootOfFull, type Sha256, type TreeHasher, treeHasher } from './merkle.js'
export {
  isKeyName,
  keyOf,
  MAX_SIGNATURES,
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
  type ParsedNote,
  parseNote,
  parseSignatureLine,
  parseSignatureLines,
  signatureLine,
  signNote,
} from './note.js'
export { type OpenedNote, openNote } from './open-note.js'
export {
  formatPolicy,
  type Policy,
  PolicyError,
  type PolicyGroup,
  type PolicyLog,
  type PolicyWitness,
  parsePolicy,
} from './policy.js'
export { consistencyProof, type HashReader, inclusionProof, leafReader } from './proof.js'
export { type Cosigned, type Judged, meetsQuorum, PolicyJudge } from './quorum.js'
export { type SplitNotes, splitNotes } from './split-notes.js'
export {
  edgeTiles,
  newTiles,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  type TileAddress,
  tilePath,
  tilesOf,
  tileWidthAt,
} from './tile.js'
export { type TileData, TileEdge } from './tile-edge.js'
export { splitTile, tileHashes, tileHashReader, tileRoot } from './tile-hashes.js'
export { formatTlogProof, parseTlogProof, type TlogProof, type TlogProofTrust, verifyTlogProof } from './tlog-proof.js'
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from './verify.js'
export {
  type AddCheckpoint,
  formatAddCheckpoint,
  formatKnownSize,
  parseAddCheckpoint,
  parseKnownSize,
  SIZE_CONTENT_TYPE,
} from './witness.js'
