// Lines that retention removed: their leaf hashes stand in the tiles, so the tree grows over them as it does over lines, and
// every checkpoint must fit. Whether they may be missing at all, only a signed record in the rest of the log can say.
import { type PurgeRecord, parsePurgeRecord } from '../retention/purge-record.js'
import type { Reader } from './reader.js'
import type { Note, Problem } from './report.js'
import { TILE_HASHES } from './subtrees.js'
import { isBlank } from './tiles.js'
import { leafHash, type Tree } from './tree.js'

const HASH = 32
const MAX_RECORDS = 1000

/** The purged beginning of a log, and the records that may excuse it. */
export class Purged {
  /** Leaves `[0, begin)` are gone; their hashes are in the tree. */
  readonly begin: number
  readonly #root: string
  readonly #lacking: number | undefined
  #records: PurgeRecord[] = []

  private constructor(begin: number, root: string, lacking?: number) {
    this.begin = begin
    this.#root = root
    this.#lacking = lacking
  }

  /**
   * Grows a new tree over the kept hashes.
   *
   * @param begin - as the reader says
   * @param grown - called after each leaf; what it returns is awaited
   * @returns `begin` 0 when a tile is missing: then the lines below it are, too
   */
  static async of(reader: Reader, begin: number, tree: Tree, grown: () => Promise<void> | undefined): Promise<Purged> {
    for (let index = 0; index * TILE_HASHES < begin; index++)
      if (!(await keptTile(reader, index))) return new Purged(0, '', index)
    while (tree.size < begin) {
      const tile = (await keptTile(reader, tree.size / TILE_HASHES))!
      for (let at = 0; tree.size < begin && at < TILE_HASHES * HASH; at += HASH) {
        tree.append(tile.slice(at, at + HASH))
        const more = grown()
        if (more) await more
      }
    }
    return new Purged(begin, tree.root())
  }

  /** Shows a line of the log, by its place. */
  look(line: Uint8Array, index: number): void {
    if (this.begin === 0) return
    const record = parsePurgeRecord(line)
    // What a line says of its number does not make it that one.
    if (record?.index === index && record.to >= this.begin) this.#records.push(record)
    if (this.#records.length > MAX_RECORDS) this.#records.shift()
  }

  /** @param fit - the lines below it are what was signed */
  conclude(fit: number): { problems: Problem[]; notes: Note[]; record: PurgeRecord | undefined } {
    const to = this.begin
    if (this.#lacking !== undefined) {
      const from = this.#lacking * TILE_HASHES
      const detail = `the hash tile that stands for the purged records ${from} to ${from + TILE_HASHES - 1} is missing`
      return { problems: [{ kind: 'missing', from, to: from + TILE_HASHES, detail }], notes: [], record: undefined }
    }
    if (to === 0) return { problems: [], notes: [], record: undefined }
    const record = this.#records.findLast(
      (one) => one.index < fit && (one.to > to || Buffer.from(one.root).toString('latin1') === this.#root),
    )
    if (!record) {
      const detail = `records 0 to ${to - 1} are missing, and no signed record says that they were purged`
      return { problems: [{ kind: 'missing', from: 0, to, detail }], notes: [], record }
    }
    const detail = `records 0 to ${to - 1} were purged on ${record.time.slice(0, 10)} under the signed record ${record.index}, their hashes verify`
    return { problems: [], notes: [{ kind: 'purged', from: 0, to, detail }], record }
  }
}

// Only full tiles are kept for purged lines; anything else is none.
async function keptTile(reader: Reader, index: number): Promise<string | undefined> {
  const stored = await reader.tile(0, index)
  const full = stored.find((tile) => tile.length === TILE_HASHES * HASH && !isBlank(tile))
  return full && Buffer.from(full).toString('latin1')
}

/**
 * Segments below the beginning: a run of retention that was cut off has left them, or somebody has put them back. As long
 * as they hold what the hashes say, that is worth a note.
 */
export async function leftBehind(reader: Reader, begin: number): Promise<{ problems: Problem[]; notes: Note[] }> {
  const problems: Problem[] = []
  let count = 0
  if (begin === 0) return { problems, notes: [] }
  for await (const { first, bytes, ends } of reader.read(0)) {
    if (first >= begin) break
    let start = 0
    for (const [k, end] of ends.entries()) {
      const index = first + k
      if (index >= begin) break
      count++
      const tile = await keptTile(reader, Math.floor(index / TILE_HASHES))
      const slot = (index % TILE_HASHES) * HASH
      if (tile && tile.slice(slot, slot + HASH) !== leafHash(bytes, start, end) && problems.length < 100)
        problems.push({
          kind: 'altered',
          index,
          detail: `record ${index}, which was purged, stands here again, changed`,
        })
      start = end + 1
    }
  }
  const detail = `${count} purged records still stand in segments; the next run of retention removes them`
  return { problems, notes: count > 0 ? [{ kind: 'leftover', detail }] : [] }
}
