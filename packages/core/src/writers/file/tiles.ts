// C2SP hash tiles beside the lines: derived, so written without fsync and checked whenever the log is opened.
import { dirname, join } from 'node:path'
import {
  concatBytes,
  edgeTiles,
  Frontier,
  rootOf,
  splitTile,
  TILE_WIDTH,
  type Tile,
  type TileData,
  type TileEdge,
  tilePath,
  tileRoot,
} from '@trailproof/tlog'
import { hasher } from '../../log/crypto.js'
import type { Disk } from './disk.js'
import { readSmall, writeWhole } from './durable.js'
import { TileSyncer } from './durable-tiles.js'
import { TEMPORARY } from './layout.js'
import type { Steps } from './steps.js'

const HASH_BYTES = 32
const FULL_BYTES = TILE_WIDTH * HASH_BYTES
/** Tiles that wait for a disk that takes them; beyond it they are left to be rebuilt at the next opening. */
const MAX_PENDING = 1024

/**
 * The stored edge tiles of a tree of `size` leaves, taken from whatever width the files have now. Not authenticated.
 *
 * @returns undefined when one is missing or too short
 */
export function readEdge(disk: Disk, folder: string, size: number): Uint8Array[] | undefined {
  const tiles = edgeTiles(size).map((tile) => readTile(disk, folder, tile))
  return tiles.includes(undefined) ? undefined : (tiles as Uint8Array[])
}

/** The first `width` hashes of a stored tile, whatever width its file has now; undefined when there are fewer. */
export function readTile(disk: Disk, folder: string, { level, index, width }: Tile): Uint8Array | undefined {
  const full = join(folder, tilePath(level, index))
  const widths = disk.list(`${full}.p`) ?? []
  const widest = Math.max(0, ...widths.filter((name) => /^\d{1,3}$/.test(name)).map(Number))
  const bytes =
    readSmall(disk, full, FULL_BYTES) ??
    (widest >= width ? readSmall(disk, join(`${full}.p`, String(widest)), FULL_BYTES) : undefined)
  return bytes && bytes.length >= width * HASH_BYTES
    ? Uint8Array.from(bytes.subarray(0, width * HASH_BYTES))
    : undefined
}

/**
 * The edge tiles of a purged prefix, made from full tiles alone: those are durable, since retention saw to it before it
 * removed a line, while a power cut may have taken any partial one.
 *
 * @returns undefined when a full tile is missing or of another length
 */
export function keptEdge(disk: Disk, folder: string, size: number): Uint8Array[] | undefined {
  const tiles: Uint8Array[] = []
  for (const { level, index, width } of edgeTiles(size)) {
    if (level === 0) {
      const full = readTile(disk, folder, { level, index, width: TILE_WIDTH })
      if (!full) return undefined
      tiles.push(full.subarray(0, width * HASH_BYTES))
      continue
    }
    const hashes: Uint8Array[] = []
    for (let slot = 0; slot < width; slot++) {
      const below = readTile(disk, folder, { level: level - 1, index: index * TILE_WIDTH + slot, width: TILE_WIDTH })
      if (!below) return undefined
      hashes.push(tileRoot(hasher, below))
    }
    tiles.push(concatBytes(...hashes))
  }
  return tiles
}

/** A stored tile, full or the widest partial form of it; undefined when there is none. */
export function readWidest(disk: Disk, folder: string, level: number, index: number): Buffer | undefined {
  const full = join(folder, tilePath(level, index))
  const widths = (disk.list(`${full}.p`) ?? []).filter((name) => /^\d{1,3}$/.test(name)).map(Number)
  return (
    readSmall(disk, full, FULL_BYTES) ??
    (widths.length > 0 ? readSmall(disk, join(`${full}.p`, String(Math.max(...widths))), FULL_BYTES) : undefined)
  )
}

/** The frontier that edge tiles stand for: each tile's hashes, combined as far as they form perfect subtrees. */
export function frontierOfEdge(size: number, tiles: readonly Uint8Array[]): Frontier {
  const stack: Uint8Array[] = []
  edgeTiles(size).forEach((tile, i) => {
    const hashes = splitTile(tiles[i]!)
    const roots: Uint8Array[] = []
    for (let from = 0, count = TILE_WIDTH / 2; from < tile.width; count /= 2)
      if (tile.width - from >= count) {
        roots.push(rootOf(hasher, hashes.slice(from, from + count)))
        from += count
      }
    stack.unshift(...roots) // higher levels stand further left
  })
  return new Frontier(hasher, size, stack)
}

/** True when a tile speaks of leaf `size`, so that there must have been more than `size` leaves. */
export function reachBeyond(disk: Disk, folder: string, size: number): boolean {
  const path = join(folder, tilePath(0, Math.floor(size / TILE_WIDTH)))
  if (disk.stat(path)?.isFile) return true
  const widths = (disk.list(`${path}.p`) ?? []).filter((name) => /^\d{1,3}$/.test(name)).map(Number)
  return widths.some((width) => width > size % TILE_WIDTH)
}

/** Stores what can be stored: tiles are derived, so a disk that does not take them keeps nobody waiting. */
export function* tryStore(tiles: TileStore): Steps<void> {
  try {
    yield* tiles.store()
  } catch {}
}

/** Makes a few more tiles durable, if the disk does so; until then the next opening looks after them. */
export function* trySync(tiles: TileStore): Steps<void> {
  try {
    yield* tiles.syncSome()
  } catch {}
}

/** Writes the tiles of a growing tree. */
export class TileStore {
  readonly #disk: Disk
  readonly #folder: string
  readonly #edge: TileEdge
  readonly #folders = new Set<string>()
  readonly #partials = new Map<number, string>() // by level: the partial tile that the next one replaces
  readonly #syncer: TileSyncer
  #pending: TileData[] = []

  /** @param durable - leaves whose full tiles are durable */
  constructor(disk: Disk, folder: string, edge: TileEdge, durable = 0) {
    this.#disk = disk
    this.#folder = folder
    this.#edge = edge
    this.#syncer = new TileSyncer(disk, folder, durable)
  }

  get size(): number {
    return this.#edge.size
  }

  /** @param leafHashes - side by side */
  appendAll(leafHashes: Uint8Array): void {
    this.#edge.appendAll(leafHashes)
  }

  /** Stores the tiles of the present size. What cannot be stored now is tried again with the next ones. */
  *store(): Steps<void> {
    this.#pending.push(...this.#edge.take())
    if (this.#pending.length > MAX_PENDING) this.#pending = []
    while (this.#pending.length > 0) {
      yield* this.#put(this.#pending[0]!)
      this.#pending.shift()
    }
  }

  *syncSome(): Steps<void> {
    if (this.#pending.length === 0) yield* this.#syncer.some(this.#edge.size)
  }

  *#put({ level, index, width, bytes }: TileData): Steps<void> {
    const path = join(this.#folder, tilePath(level, index, width))
    // The tile in which a purged prefix ends is durable, and no line could bring it back: it is never written over.
    if (width < TILE_WIDTH || !readSmall(this.#disk, path, FULL_BYTES)?.equals(bytes)) yield* this.#write(path, bytes)
    this.#removeSuperseded(level, width === TILE_WIDTH ? undefined : path)
    if (width === TILE_WIDTH) this.#removeFolder(`${path}.p`)
  }

  *#write(path: string, bytes: Uint8Array): Steps<void> {
    const temporary = `${path}${TEMPORARY}`
    this.#makeFolders(dirname(path))
    if (this.#disk.stat(temporary)) this.#disk.remove(temporary)
    const fd = this.#disk.open(temporary, 'create')
    let whole = false
    try {
      yield* writeWhole(fd, bytes, 0)
      whole = true
    } finally {
      yield { do: 'close', fd }
      if (!whole) this.#disk.remove(temporary) // on a full disk its part would take the checkpoint's room
    }
    this.#disk.rename(temporary, path)
  }

  #removeSuperseded(level: number, path: string | undefined): void {
    const old = this.#partials.get(level)
    if (path) this.#partials.set(level, path)
    else this.#partials.delete(level)
    if (old && old !== path && this.#disk.stat(old)) this.#disk.remove(old)
  }

  /** Removes every partial width of a tile that is full now. */
  #removeFolder(path: string): void {
    const names = this.#disk.list(path)
    if (!names) return
    for (const name of names) this.#disk.remove(join(path, name))
    this.#disk.removeFolder(path)
    this.#folders.delete(path)
  }

  /** After opening: removes partial tiles at the right edge that are not of the present size. */
  tidy(): void {
    for (const { level, index, width } of edgeTiles(this.#edge.size)) {
      const path = join(this.#folder, tilePath(level, index, width))
      for (const name of this.#disk.list(dirname(path)) ?? [])
        if (name !== String(width)) this.#disk.remove(join(dirname(path), name))
      if (this.#disk.stat(path)) this.#partials.set(level, path)
    }
  }

  #makeFolders(path: string): void {
    if (this.#folders.has(path)) return
    if (!this.#disk.stat(path)) {
      this.#makeFolders(dirname(path))
      this.#disk.makeFolder(path)
    }
    this.#folders.add(path)
  }
}
