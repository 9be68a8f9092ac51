// Checking proofs. The path is derived from the sizes alone, so a proof can supply hashes but never steer the
// computation: its length must fit exactly, and no input can make a loop run long (RFC 9162's loop never ends for size 0).
import { equalBytes, isCount, isHash } from './bytes.js'
import type { TreeHasher } from './merkle.js'
import { consistencyPath, inclusionPath } from './proof.js'

export interface InclusionClaim {
  index: number
  size: number
  leafHash: Uint8Array
  root: Uint8Array
  proof: readonly Uint8Array[]
}

export interface ConsistencyClaim {
  first: number
  second: number
  firstRoot: Uint8Array
  secondRoot: Uint8Array
  proof: readonly Uint8Array[]
}

/** True only if the leaf stands at `index` in the tree with this size and root. Malformed input is false, never a throw. */
export function verifyInclusion(hasher: TreeHasher, claim: InclusionClaim): boolean {
  const { index, size, leafHash, root, proof } = claim
  if (!isCount(index) || !isCount(size) || index >= size) return false
  if (!isHash(leafHash) || !isHash(root) || !areHashes(proof)) return false
  const path = inclusionPath(index, size)
  if (proof.length !== path.length) return false
  let hash = leafHash
  path.forEach(({ side }, i) => {
    hash = side === 'left' ? hasher.node(proof[i]!, hash) : hasher.node(hash, proof[i]!)
  })
  return equalBytes(hash, root)
}

/**
 * True only if the second tree begins with the whole first tree. Equal sizes need equal roots and an empty proof; first
 * size 0 is always false, since such a claim says nothing. Malformed input is false, never a throw.
 */
export function verifyConsistency(hasher: TreeHasher, claim: ConsistencyClaim): boolean {
  const { first, second, firstRoot, secondRoot, proof } = claim
  if (!isCount(first) || !isCount(second) || first === 0 || first > second) return false
  if (!isHash(firstRoot) || !isHash(secondRoot) || !areHashes(proof)) return false
  if (first === second) return proof.length === 0 && equalBytes(firstRoot, secondRoot)
  const { start, path } = consistencyPath(first, second)
  if (proof.length !== path.length + (start ? 1 : 0)) return false
  // Both roots are rebuilt from the same hashes: the first from left siblings only, the second from all.
  let [older, newer] = start ? [proof[0]!, proof[0]!] : [firstRoot, firstRoot]
  const siblings = start ? proof.slice(1) : proof
  path.forEach(({ side }, i) => {
    const sibling = siblings[i]!
    if (side === 'left') older = hasher.node(sibling, older)
    newer = side === 'left' ? hasher.node(sibling, newer) : hasher.node(newer, sibling)
  })
  return equalBytes(older, firstRoot) && equalBytes(newer, secondRoot)
}

function areHashes(proof: unknown): proof is Uint8Array[] {
  return Array.isArray(proof) && [...proof].every(isHash) // spread: every() alone steps over holes
}
