// After damage was seen: reads the log once more beside its authentic tiles and names each record that is not as it was signed.
import { explain, WINDOW } from './align.js'
import { Findings } from './findings.js'
import { type LineFault, lineFault } from './line.js'
import type { Marks } from './marks.js'
import type { Reader } from './reader.js'
import type { Problem } from './report.js'
import type { StoredLeaves } from './stored-leaves.js'
import { leafHash } from './tree.js'

interface Line {
  leaf: string
  place: number
  fault: LineFault | undefined
}

/**
 * @param from - up to here the lines give a signed root
 * @param signed - largest size that was signed
 * @param marks - believed checkpoints, afresh; those above `leaves.authentic` are held against tiles and lines together
 */
export async function locate(
  reader: Reader,
  leaves: StoredLeaves,
  from: number,
  signed: number,
  marks: Marks,
): Promise<Problem[]> {
  const walk = new Locator(leaves, from, signed, marks)
  for await (const { first, segment, limit, bytes, ends } of reader.read(from)) {
    await walk.segment(segment, limit)
    let start = 0
    for (const [k, end] of ends.entries()) {
      const place = first + k
      walk.line({ leaf: leafHash(bytes, start, end), place, fault: lineFault(bytes, start, end, place, false) })
      start = end + 1
    }
    await walk.compare(false)
  }
  return walk.finish()
}

class Locator {
  readonly #findings = new Findings()
  readonly #lines: Problem[] = []
  readonly #pending: Line[] = []
  readonly #end: number
  #at: number // next leaf that has not been accounted for
  #segment = -1
  #segmentEnd: number
  #limit = Number.POSITIVE_INFINITY
  // Past the authentic tiles: the tree goes on over the lines.
  #fits: number
  #misfit = 0

  constructor(
    private readonly leaves: StoredLeaves,
    from: number,
    private readonly signed: number,
    private readonly marks: Marks,
  ) {
    this.#at = from
    this.#end = leaves.authentic
    this.#segmentEnd = leaves.authentic
    this.#fits = leaves.authentic
  }

  /** Places count afresh in each segment: what was lost or added in one does not shift the next. */
  async segment(first: number, limit: number): Promise<void> {
    if (first === this.#segment) return
    if (this.#segment >= 0) await this.#endSegment(Math.min(first, this.#end))
    this.#findings.add({ kind: 'missing', from: this.#at, to: Math.min(first, this.#end) })
    this.#at = Math.max(this.#at, Math.min(first, this.#end))
    this.#segment = first
    this.#segmentEnd = Math.min(limit, this.#end)
    this.#limit = limit
  }

  line(line: Line): void {
    this.#pending.push(line)
  }

  async compare(ended: boolean): Promise<void> {
    const lines = this.#pending
    let taken = 0
    while (this.#at < this.#segmentEnd && (lines.length - taken >= WINDOW || (ended && taken < lines.length))) {
      const line = lines[taken]!
      const leaf = await this.leaves.at(this.#at)
      if (line.leaf === leaf) {
        this.#checkSigned(line)
        taken++
        this.#at++
      } else taken += await this.#explain(lines.slice(taken, taken + WINDOW), leaf)
    }
    if (this.#segmentEnd === this.#end && this.#at >= this.#end) taken += await this.#goOn(lines, taken)
    lines.splice(0, taken)
  }

  async finish(): Promise<Problem[]> {
    await this.compare(true)
    const beyond = Math.max(this.signed, this.#end)
    if (this.#at < this.#end) this.#findings.add({ kind: 'truncated', from: this.#at, to: beyond })
    else if (this.#misfit > 0) {
      const detail = `the lines give the signed root of size ${this.#fits}, not that of size ${this.#misfit}; the hash tiles do not tell which`
      this.#lines.push({ kind: 'altered', from: this.#fits, to: this.#misfit, detail })
    } else if (this.#at < this.signed) this.#findings.add({ kind: 'truncated', from: this.#at, to: this.signed })
    return [...this.#findings.problems(), ...this.#lines]
  }

  async #endSegment(next: number): Promise<void> {
    await this.compare(true)
    this.#findings.add({ kind: 'missing', from: this.#at, to: next })
    this.#at = Math.max(this.#at, next)
    this.#pending.length = 0 // leftovers of a failed write
  }

  async #explain(lines: readonly Line[], leaf: string): Promise<number> {
    const count = Math.min(WINDOW, this.#segmentEnd - this.#at)
    const signed = [leaf]
    for (let i = 1; i < count; i++) signed.push(await this.leaves.at(this.#at + i))
    const first = lines[0]!
    const says = first.fault?.kind === 'seq' ? (first.fault.found ?? Number.NaN) : first.place
    const step = explain(
      lines.map((line) => line.leaf),
      signed,
      this.#at + count === this.#segmentEnd,
      says - this.#at,
    )
    const at = this.#at
    const same = Math.min(step.lines, step.leaves)
    const one = step.kind === 'altered' && same === 1 && step.lines === step.leaves
    if (step.kind === 'reordered') this.#findings.add({ kind: 'reordered', from: at, to: at + same })
    else
      this.#findings.add({ kind: 'altered', from: at, to: at + same, ...(one && { found: first.leaf, signed: leaf }) })
    this.#findings.add({ kind: 'missing', from: at + same, to: at + step.leaves })
    this.#findings.add({ kind: 'inserted', from: at + same, to: at + step.lines })
    this.#at += step.leaves
    return step.lines
  }

  // The line is what was signed. If it is still no record of this place, whoever held the key signed it so.
  #checkSigned({ fault, place }: Line): void {
    const seqFits = fault?.kind === 'seq' ? fault.found === this.#at : fault === undefined && place === this.#at
    if (!seqFits && this.#lines.length < 100)
      this.#lines.push({
        kind: 'bad_line',
        index: this.#at,
        detail: `the signed record ${this.#at}: ${fault?.detail ?? `it says seq ${place}`}`,
      })
  }

  async #goOn(lines: readonly Line[], from: number): Promise<number> {
    const { tree } = this.leaves
    for (let i = from; i < lines.length && this.#at < this.#limit; i++) {
      await this.#arrive()
      tree.append(lines[i]!.leaf)
      tree.full.length = 0
      this.#at++
    }
    await this.#arrive()
    return lines.length - from
  }

  async #arrive(): Promise<void> {
    const { tree } = this.leaves
    while (this.marks.nextSize <= tree.size) {
      const { size, root } = (await this.marks.next())!
      if (size <= this.#end || this.#misfit > 0) continue
      if (size === tree.size && root === tree.root()) this.#fits = size
      else this.#misfit = size
    }
  }
}
