// Gathers what the comparison with authentic tiles finds, joins neighbours of one kind, and sees two records that changed
// places even when they stand far apart.
import { type Problem, placeOf } from './report.js'

type Kind = 'altered' | 'missing' | 'inserted' | 'reordered' | 'truncated'

interface Range {
  kind: Kind
  from: number
  to: number
  /** For one altered line: the hash it has, and the one it should have. */
  found?: string | undefined
  signed?: string | undefined
}

const MAX_RANGES = 10_000

export class Findings {
  readonly #ranges: Range[] = []

  add(range: Range): void {
    if (this.#ranges.length < MAX_RANGES && range.to > range.from) this.#ranges.push(range)
  }

  problems(): Problem[] {
    return joined(swapped(this.#ranges)).map(({ kind, from, to }) => ({
      kind,
      ...(kind === 'truncated' ? { from, to } : placeOf(from, to)), // an end is a range, also when one record is lost
      detail: WORDS[kind](from, to),
    }))
  }
}

const records = (from: number, to: number) => (to === from + 1 ? `record ${from}` : `records ${from} to ${to - 1}`)

const WORDS: Record<Kind, (from: number, to: number) => string> = {
  altered: (from, to) => `${records(from, to)} ${to === from + 1 ? 'was' : 'were'} changed`,
  missing: (from, to) => `${records(from, to)} ${to === from + 1 ? 'is' : 'are'} missing`,
  inserted: (from, to) =>
    `${to - from === 1 ? 'a line was' : `${to - from} lines were`} inserted before record ${from}`,
  reordered: (from, to) => `${records(from, to)} stand in another order`,
  truncated: (from, to) =>
    `the log ends at ${from}; ${to - from} signed ${to - from === 1 ? 'record is' : 'records are'} cut off`,
}

// Two altered lines, each with the other's hash, have changed places.
function swapped(ranges: readonly Range[]): Range[] {
  const bySigned = new Map<string, Range>()
  for (const range of ranges) if (range.signed !== undefined) bySigned.set(range.signed, range)
  const gone = new Set<Range>()
  return ranges
    .map((range): Range => {
      const other = range.found === undefined ? undefined : bySigned.get(range.found)
      if (!other || other === range || other.found !== range.signed || gone.has(range)) return range
      gone.add(other)
      return { kind: 'reordered', from: range.from, to: other.to }
    })
    .filter((range) => !gone.has(range))
}

function joined(ranges: readonly Range[]): Range[] {
  const out: Range[] = []
  for (const range of ranges) {
    const last = out.at(-1)
    const follows =
      last?.kind === range.kind && last.to === range.from && (range.kind === 'altered' || range.kind === 'missing')
    if (follows) out[out.length - 1] = { kind: range.kind, from: last.from, to: range.to }
    else out.push(range)
  }
  return out
}
