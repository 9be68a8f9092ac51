// The leaf hashes that the log's own level-0 tiles hold, and up to which signed size they are authentic: tiles are on the
// same disk as the lines, so they only count where their root is one that was signed.
import type { Marks } from './marks.js'
import type { Reader } from './reader.js'
import { TILE_HASHES } from './subtrees.js'
import { isBlank } from './tiles.js'
import { Tree } from './tree.js'

const HASH = 32
const KEPT_TILES = 8

export class StoredLeaves {
  /** Leaves that a signed root covers, and the tree over them. */
  authentic = 0
  tree = new Tree()
  readonly #reader: Reader
  readonly #tiles = new Map<number, string>()

  private constructor(reader: Reader) {
    this.#reader = reader
  }

  static async open(reader: Reader, marks: Marks): Promise<StoredLeaves> {
    const leaves = new StoredLeaves(reader)
    const tree = new Tree()
    for (let index = 0; marks.nextSize < Number.POSITIVE_INFINITY; index++) {
      const tile = await leaves.#load(index)
      for (let at = 0; at < tile.length; at += HASH) {
        await leaves.#arrive(tree, marks)
        tree.append(tile.slice(at, at + HASH))
        tree.full.length = 0
      }
      await leaves.#arrive(tree, marks)
      if (tile.length < TILE_HASHES * HASH) break
    }
    return leaves
  }

  /** Leaf hash `index`; only below `authentic`. */
  async at(index: number): Promise<string> {
    const number = Math.floor(index / TILE_HASHES)
    let tile = this.#tiles.get(number)
    if (tile === undefined) {
      tile = await this.#load(number)
      this.#tiles.set(number, tile)
      if (this.#tiles.size > KEPT_TILES) this.#tiles.delete(this.#tiles.keys().next().value!)
    }
    const slot = (index % TILE_HASHES) * HASH
    return tile.slice(slot, slot + HASH)
  }

  async #arrive(tree: Tree, marks: Marks): Promise<void> {
    while (marks.nextSize <= tree.size) {
      const mark = (await marks.next())!
      if (mark.size !== tree.size || mark.root !== tree.root()) continue
      this.authentic = tree.size
      this.tree = tree.fork()
    }
  }

  // The widest stored form; a narrower partial is a prefix of it.
  async #load(index: number): Promise<string> {
    const stored = await this.#reader.tile(0, index)
    const usable = stored.filter(
      (tile) => tile.length % HASH === 0 && tile.length <= TILE_HASHES * HASH && !isBlank(tile),
    )
    const widest = usable.reduce((a, b) => (b.length > a.length ? b : a), new Uint8Array(0))
    return Buffer.from(widest).toString('latin1')
  }
}
