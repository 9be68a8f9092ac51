// Collects what single lines show without any key, in bounded memory: text that is no record, and running numbers that
// do not run.
import type { LineFault } from './line.js'

export interface FaultAt {
  index: number
  kind: LineFault['kind']
  detail: string
  /** True when this line is in the last segment, where a crash may have torn the end. */
  lastSegment: boolean
}

const MAX = 1000

export class Faults {
  readonly list: FaultAt[] = []
  #shift = 0

  add(index: number, fault: LineFault, lastSegment: boolean): void {
    if (fault.kind === 'seq') {
      // A removed line shifts all that follow: only where the shift changes is something wrong.
      const shift = fault.found === undefined ? Number.NaN : fault.found - index
      if (shift === this.#shift) return
      this.#shift = shift
    }
    if (this.list.length < MAX) this.list.push({ index, kind: fault.kind, detail: fault.detail, lastSegment })
  }

  /** A line whose number is right again. */
  good(): void {
    this.#shift = 0
  }
}
