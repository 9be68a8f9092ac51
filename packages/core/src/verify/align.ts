// Compares what a log holds with what it should hold, when the leaf hashes it should hold are known (authentic tiles), and
// says in which of four ways they differ. Like a diff of two files, over a window, so that memory stays constant.

/** Where two sequences differ: `lines` of those found stand for `leaves` of those signed. */
export interface Step {
  kind: 'altered' | 'missing' | 'inserted' | 'reordered'
  lines: number
  leaves: number
}

/** How far ahead the two are compared to find where they agree again. */
export const WINDOW = 256
/** So many hashes in a row make an agreement. */
const RUN = 4

/**
 * Explains the first difference between two sequences whose first elements differ.
 *
 * @param found - hashes of the next lines, WINDOW of them unless the lines end
 * @param signed - hashes of the next leaves, WINDOW of them unless `signedEnds`
 * @param lastSeq - what the first found line says its number is, counted from the first signed leaf; breaks ties at the end
 */
export function explain(
  found: readonly string[],
  signed: readonly string[],
  signedEnds: boolean,
  seqAhead: number,
): Step {
  if (found.length === 0) return { kind: 'missing', lines: 0, leaves: signed.length }
  const moved = permutation(found, signed)
  if (moved > 1) return { kind: 'reordered', lines: moved, leaves: moved }
  for (let cost = 1; cost <= Math.max(found.length, signed.length); cost++) {
    if (agree(found, cost, signed, cost)) return { kind: 'altered', lines: cost, leaves: cost }
    if (agree(found, 0, signed, cost)) return { kind: 'missing', lines: 0, leaves: cost }
    if (agree(found, cost, signed, 0)) return { kind: 'inserted', lines: cost, leaves: 0 }
    // A line break that came or went makes one altered leaf of two lines, or the other way round.
    for (let less = 1; less < cost; less++) {
      if (agree(found, cost, signed, less)) return { kind: 'altered', lines: cost, leaves: less }
      if (agree(found, less, signed, cost)) return { kind: 'altered', lines: less, leaves: cost }
    }
  }
  // They never agree again in sight. At the end of what is signed, the lines' own numbers tell a lost end from a changed one.
  if (signedEnds && seqAhead === signed.length) return { kind: 'missing', lines: 0, leaves: signed.length }
  const both = Math.min(found.length, signed.length)
  return { kind: 'altered', lines: both, leaves: both }
}

// Do both run equal from these offsets on? What lies past the window counts as equal, but something must be seen.
function agree(found: readonly string[], at: number, signed: readonly string[], from: number): boolean {
  const run = Math.min(RUN, found.length - at, signed.length - from)
  for (let i = 0; i < run; i++) if (found[at + i] !== signed[from + i]) return false
  return run > 0
}

// Length of the shortest beginning that holds the same hashes in another order; 0 when there is none.
function permutation(found: readonly string[], signed: readonly string[]): number {
  const balance = new Map<string, number>()
  let open = 0
  const count = (hash: string, by: 1 | -1) => {
    const was = balance.get(hash) ?? 0
    open += Math.abs(was + by) - Math.abs(was)
    balance.set(hash, was + by)
  }
  for (let i = 0; i < Math.min(found.length, signed.length); i++) {
    count(found[i]!, 1)
    count(signed[i]!, -1)
    if (open === 0) return i + 1
  }
  return 0
}
