// A file or folder as a disk sees it: what is on the medium, what is only in memory, and what of the latter a power cut
// leaves behind.
import type { Random } from './random.js'

/** A torn write loses or keeps whole sectors. */
const SECTOR = 512

type Change = { at: number; bytes: Buffer } | { size: number }

export class CrashFile {
  /** What reading shows (page cache). */
  now: Buffer = Buffer.alloc(0)
  #medium: Buffer = Buffer.alloc(0)
  #changes: Change[] = [] // since the last sync, in order

  constructor(readonly ino: number) {}

  write(bytes: Uint8Array, at: number): void {
    const change = { at, bytes: Buffer.from(bytes) }
    this.now = applyWrite(this.now, change.at, change.bytes)
    this.#changes.push(change)
  }

  truncate(size: number): void {
    this.now = resize(this.now, size)
    this.#changes.push({ size })
  }

  sync(): void {
    this.#medium = Buffer.from(this.now)
    this.#changes = []
  }

  /** A failed fsync: some sectors made it, the others never will, and memory goes on showing all of them as clean. */
  failSync(random: Random): void {
    this.#medium = this.#afterPowerCut(random)
    this.#changes = []
  }

  copy(): CrashFile {
    const file = new CrashFile(this.ino)
    file.now = Buffer.from(this.now)
    file.sync()
    return file
  }

  afterPowerCut(random: Random): CrashFile {
    const file = new CrashFile(this.ino)
    file.#medium = this.#afterPowerCut(random)
    file.now = Buffer.from(file.#medium)
    return file
  }

  #afterPowerCut(random: Random): Buffer {
    const kept = random.pick([0, 0.5, 1])
    let medium: Buffer = Buffer.from(this.#medium)
    for (const change of this.#changes)
      if ('size' in change) medium = random.chance(kept) ? resize(medium, change.size) : medium
      else medium = tear(medium, change.at, change.bytes, kept, random)
    return medium
  }
}

function tear(medium: Buffer, at: number, bytes: Buffer, kept: number, random: Random): Buffer {
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, (Math.floor((at + from) / SECTOR) + 1) * SECTOR - at)
    if (random.chance(kept)) medium = applyWrite(medium, at + from, bytes.subarray(from, to))
    // The size may be written though the data is not: then zeros stand there.
    else if (random.chance(0.2)) medium = resize(medium, Math.max(medium.length, at + to))
    from = to
  }
  return medium
}

function applyWrite(file: Buffer, at: number, bytes: Buffer): Buffer {
  const out = resize(file, Math.max(file.length, at + bytes.length))
  bytes.copy(out, at)
  return out
}

function resize(file: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size)
  file.copy(out, 0, 0, Math.min(size, file.length))
  return out
}

export type CrashNode = CrashFile | CrashFolder

/** A change to the names of a folder: names that come to mean something, or (undefined) nothing. */
type Naming = Map<string, CrashNode | undefined>

export class CrashFolder {
  names = new Map<string, CrashNode>()
  #medium = new Map<string, CrashNode>()
  #changes: Naming[] = [] // one for each create, rename, remove: it happens as a whole or not at all

  constructor(readonly ino: number) {}

  change(naming: Naming): void {
    applyNaming(this.names, naming)
    this.#changes.push(naming)
  }

  sync(): void {
    this.#medium = new Map(this.names)
    this.#changes = []
  }

  copy(): CrashFolder {
    const folder = new CrashFolder(this.ino)
    for (const [name, node] of this.names) folder.names.set(name, node.copy())
    folder.sync()
    return folder
  }

  afterPowerCut(random: Random, seen: Map<CrashNode, CrashNode>): CrashFolder {
    const folder = new CrashFolder(this.ino)
    const names = new Map(this.#medium)
    const kept = random.pick([0, 0.5, 1])
    for (const naming of this.#changes) if (random.chance(kept)) applyNaming(names, naming)
    for (const [name, node] of names) folder.names.set(name, nodeAfterPowerCut(node, random, seen))
    folder.#medium = new Map(folder.names)
    return folder
  }
}

function nodeAfterPowerCut(node: CrashNode, random: Random, seen: Map<CrashNode, CrashNode>): CrashNode {
  const known = seen.get(node)
  if (known) return known
  const after = node instanceof CrashFile ? node.afterPowerCut(random) : node.afterPowerCut(random, seen)
  seen.set(node, after)
  return after
}

function applyNaming(names: Map<string, CrashNode>, naming: Naming): void {
  for (const [name, node] of naming)
    if (node) names.set(name, node)
    else names.delete(name)
}
