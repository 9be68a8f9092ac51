// The one pass over a log: hashes every line, grows the tree, compares root and tiles where something was signed or stored,
// and looks at each line. Memory does not grow with the log. It collects facts; verify-log.ts draws the conclusions.
import type { Digest } from './digest.js'
import { Extras } from './extras.js'
import { Faults } from './faults.js'
import { isJsonObject } from './json.js'
import type { KeyRanges, RawKey } from './key-ranges.js'
import { isPaddedRecord, type LineFault } from './line.js'
import type { Mark, Marks } from './marks.js'
import { digested } from './parallel.js'
import { Purged } from './purged.js'
import type { Chunk, Reader } from './reader.js'
import { TILE_HASHES, type TilePart } from './subtrees.js'
import { TileCheck } from './tiles.js'
import { Tree } from './tree.js'

const MAX_KEPT = 1000
const RECOVERED = '"audit.recovered"'

export interface Progress {
  log: string
  lines: number
  bytes: number
}

export class Walk {
  /** Whole lines by place, and the root over them (latin1). */
  lines = 0
  root = ''
  /** Largest believed size whose root the lines give, and how many of the log's own checkpoints fit. */
  fit = 0
  fitting = 0
  /** Believed checkpoints that the lines do not give, and those larger than the log. */
  readonly misfits: Mark[] = []
  readonly beyond: Mark[] = []
  /** Keys that signed checkpoints which the lines give. */
  readonly signers = new Set<RawKey>()
  /** Largest size among the log's own believed checkpoints. */
  signed = 0
  readonly faults = new Faults()
  /** Indexes that no segment holds, though a later one begins after them. */
  readonly gaps: { from: number; to: number }[] = []
  /** Lines after the end of a segment: leftovers of failed writes, or not. */
  readonly extras = new Extras()
  /** Where half a line or garbage begins at the end of the log, with the size and root up to there. */
  torn: { index: number; root: string } | undefined
  /** Index of a whole record at the very end that lacks only its `\n`. */
  unended: number | undefined
  readonly recovered: { from: number; to: number }[] = []
  readonly #claims: { from: number; to: number; index: number }[] = [] // of recoveries that no fitting checkpoint covers yet
  lastLine: Uint8Array | undefined
  readonly tiles: TileCheck
  /** The lines that are gone from the beginning. */
  purged!: Purged
  readonly #tree = new Tree()
  #bytes = 0
  #lastCounted = -1

  private constructor(
    reader: Reader,
    private readonly marks: Marks,
    /** Which key may sign which sizes, as the lines say; whole when the walk is. */
    private readonly ranges: KeyRanges,
  ) {
    this.tiles = new TileCheck(reader)
  }

  /**
   * @param about.begin - the lines below it are said to be purged
   * @param about.threads - how many may work; undefined: as many as are worth it
   */
  static async of(
    reader: Reader,
    marks: Marks,
    { ranges, begin, threads }: { ranges: KeyRanges; begin: number; threads: number | undefined },
    onProgress?: (progress: Progress) => void,
  ): Promise<Walk> {
    const walk = new Walk(reader, marks, ranges)
    await walk.#arrive(0)
    walk.purged = await Purged.of(reader, begin, walk.#tree, () => walk.#grown())
    for await (const { chunk, digest } of digested(reader.read(walk.lines), threads)) {
      await walk.#take(chunk, digest)
      onProgress?.({ log: reader.name, lines: walk.lines, bytes: walk.#bytes })
    }
    await walk.#finish()
    return walk
  }

  #grown(): Promise<void> | undefined {
    this.lines = this.#tree.size
    if (this.lines !== this.marks.nextSize && this.#tree.full.length === 0) return undefined
    return this.#arrive(this.lines).then(() => this.#compareTiles(this.#tree.full.splice(0)))
  }

  async #take(chunk: Chunk, digest: Digest): Promise<void> {
    const { first, limit, bytes, ends } = chunk
    const lastSegment = limit === Number.POSITIVE_INFINITY
    if (ends.length > 0 && first > this.lines && first < limit) await this.#gap(first)
    this.#ownEvents(chunk, digest.own ?? ends.keys())
    for (let k = 0; k < ends.length; ) {
      const index = first + k
      const [part, count] = this.#plain(digest, index, limit)
      if (part) {
        this.#tree.appendPart(part, count)
        this.faults.good()
        k += count
      } else {
        const leaf = digest.leaf(k)
        const start = k > 0 ? ends[k - 1]! + 1 : 0
        if (index < limit) this.#line(index, leaf, digest.fault(k), lastSegment, bytes, start, ends[k]!)
        else this.extras.line(index, leaf)
        k++
      }
      if (index < limit) {
        this.lines = first + k
        if (this.lines === this.marks.nextSize) await this.#arrive(this.lines)
      }
    }
    const kept = Math.min(ends.length, limit - first)
    if (kept > 0) this.lastLine = bytes.slice(kept > 1 ? ends[kept - 2]! + 1 : 0, ends[kept - 1]!)
    if (chunk.rest && lastSegment) this.#end(chunk.rest)
    else if (chunk.rest) this.#halfLine(first + ends.length, limit, chunk.rest)
    this.#bytes += bytes.length + (chunk.rest?.length ?? 0)
    await this.#compareTiles(this.#tree.full.splice(0))
  }

  // Lines that nobody has to look at one by one: all good, and no checkpoint ends between them.
  #plain(digest: Digest, index: number, limit: number): [part: TilePart | undefined, count: number] {
    if (index >= limit || index !== this.#tree.size || this.extras.pending) return [undefined, 0]
    const part = digest.part(index)
    if (!part) return [undefined, 0]
    const end = Math.min(index - (index % TILE_HASHES) + part.to, limit, this.marks.nextSize)
    return [part, end - index]
  }

  #line(
    index: number,
    leaf: string,
    fault: LineFault | undefined,
    lastSegment: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (fault) this.#fault(index, fault, lastSegment, bytes.subarray(start, end))
    else this.faults.good()
    if (this.extras.pending) this.extras.compare(index, leaf, bytes.subarray(start, end))
    this.#tree.append(leaf)
  }

  #fault(index: number, fault: LineFault, lastSegment: boolean, line: Uint8Array): void {
    this.faults.add(index, fault, lastSegment)
    if (fault.kind === 'not-json' && lastSegment && !this.torn && !isPaddedRecord(line))
      this.torn = { index, root: this.#tree.root() }
  }

  // Below the next segment's first index half a line is damage, which shows as lines that are missing.
  #halfLine(index: number, limit: number, rest: Uint8Array): void {
    if (index >= limit) this.extras.fragment(index, rest)
    else this.extras.count++
  }

  // What follows the last `\n` of the log.
  #end(rest: Uint8Array): void {
    const index = this.lines
    if (this.torn || !isPaddedRecord(rest)) this.torn ??= { index, root: this.#tree.root() }
    else if (isJsonObject(rest, 0, rest.length)) this.unended = index
    else this.faults.add(index, { kind: 'not-json', detail: 'white space stands around a record' }, true)
  }

  // Checkpoints up to `size` lines are compared; called before any line for size 0.
  async #arrive(size: number): Promise<void> {
    const root = this.#tree.size === size ? this.#tree.root() : '' // after a gap nothing fits
    while (this.marks.nextSize <= size) {
      const mark = (await this.marks.next())!
      if (!this.#admit(mark)) continue
      if (mark.size !== size || mark.root !== root) {
        if (this.misfits.length < MAX_KEPT) this.misfits.push(mark)
        continue
      }
      this.#weighClaims(size)
      this.fit = size
      if (mark.own && size !== this.#lastCounted) this.fitting++
      if (mark.own) this.#lastCounted = size
      for (const signer of mark.signers) this.signers.add(signer)
    }
  }

  #admit(mark: Mark): boolean {
    const admitted = this.ranges.admits(mark)
    if (admitted && mark.own) this.signed = Math.max(this.signed, mark.size)
    return admitted
  }

  async #gap(to: number): Promise<void> {
    if (this.gaps.length < MAX_KEPT) this.gaps.push({ from: this.lines, to })
    this.lines = to
    await this.#arrive(to)
  }

  // What the log says of itself. Before any checkpoint above these lines is judged: they may name the next key.
  #ownEvents({ bytes, ends, first, limit }: Chunk, own: Iterable<number>): void {
    for (const k of own) {
      const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(
        k > 0 ? ends[k - 1]! + 1 : 0,
        ends[k],
      )
      this.ranges.see(line)
      if (first + k < limit) this.purged.look(line, first + k)
      this.#claim(recoveredRange(line), first + k)
    }
  }

  // What a recovery says that only it has signed. Anybody can write such a record behind the last checkpoint, so it counts
  // for nothing that a checkpoint before it covers: the process that recovers signs nothing before its own words.
  #claim(range: { from: number; to: number } | undefined, index: number): void {
    // Of too many the last one stays: a process that recovers writes it after all that it has found.
    if (range) this.#claims[Math.min(this.#claims.length, MAX_KEPT - 1)] = { ...range, index }
  }

  /** @param size - lines that the next fitting checkpoint covers; `fit` is that of the one before */
  #weighClaims(size: number): void {
    while (this.#claims[0] && this.#claims[0].index < size) {
      const { from, to, index } = this.#claims.shift()!
      const range = { from: Math.max(from, this.fit), to: Math.min(to, index) }
      if (range.from >= range.to) continue
      if (this.recovered.length < MAX_KEPT) this.recovered.push(range)
      else if (range.from === 0) this.recovered[MAX_KEPT - 1] = range // it may be an alarm
    }
  }

  async #compareTiles(tiles: Parameters<TileCheck['compare']>[0]): Promise<void> {
    if (this.#tree.size === this.lines) await this.tiles.compare(tiles) // after a gap places and tiles no longer meet
  }

  async #finish(): Promise<void> {
    await this.#compareTiles(this.#tree.partial())
    for (let mark = await this.marks.next(); mark; mark = await this.marks.next()) {
      if (!this.#admit(mark)) continue
      if (this.beyond.length < MAX_KEPT) this.beyond.push(mark)
      else this.beyond[MAX_KEPT - 1] = mark // the largest matters most
    }
    this.#weighClaims(Number.POSITIVE_INFINITY)
    this.ranges.finish()
    this.extras.finish(this.lines)
    this.root = this.#tree.root()
  }
}

function recoveredRange(line: Buffer): { from: number; to: number } | undefined {
  if (!line.includes(RECOVERED)) return undefined
  try {
    const { event, data } = JSON.parse(line.toString('utf8')) as {
      event?: unknown
      data?: { from?: unknown; to?: unknown }
    }
    const { from, to } = data ?? {}
    if (event === 'audit.recovered' && Number.isSafeInteger(from) && Number.isSafeInteger(to))
      return { from: from as number, to: to as number }
  } catch {}
  return undefined
}
