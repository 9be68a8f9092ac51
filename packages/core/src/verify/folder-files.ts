// The files of one log folder, as they can be read. What is missing reads as nothing; what is no file is set down.
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CHECKPOINT, parseSegmentName, SEGMENTS, TEMPORARY, TILES, VKEY } from '../writers/file/layout.js'
import type { Condition } from './condition.js'
import { openRegular, readRegularSync } from './regular.js'

/** No checkpoint and no vkey comes near it: of a longer file the beginning is enough to see that it is none. */
const MAX_SMALL = 64 * 1024

/** No receipt that we keep is larger. */
const MAX_RECEIPT = 1024 * 1024

export class FolderFiles {
  readonly #dir: string
  readonly #irregular = new Set<string>()

  constructor(dir: string) {
    this.#dir = dir
  }

  /** An open file, for the caller to close. */
  async open(path: string) {
    const file = await orElse(openRegular(path), 'missing' as const)
    if (file === undefined) this.#irregular.add(path)
    return file === 'missing' ? undefined : file
  }

  /** A small text; undefined when there is none. */
  async text(path: string): Promise<string | undefined> {
    const file = await this.open(path)
    if (!file) return undefined
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_SMALL + 1), 0, MAX_SMALL + 1, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  }

  /** What an anchor gave back; undefined when there is none, or it is larger than any. */
  async receipt(path: string): Promise<Uint8Array | undefined> {
    const file = await this.open(path)
    if (!file) return undefined
    try {
      const { size } = await file.stat()
      if (size > MAX_RECEIPT) return undefined
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  // Only what stands there now: a running log goes on signing, and its later checkpoints are about lines that were not read.
  async *textPieces(path: string): AsyncGenerator<string> {
    const file = await this.open(path)
    if (!file) return
    try {
      const { size } = await file.stat()
      if (size === 0) return
      const stream = file.createReadStream({
        encoding: 'utf8',
        highWaterMark: 64 * 1024,
        start: 0,
        end: size - 1,
        autoClose: false,
      })
      for await (const piece of stream) yield piece as string
    } finally {
      await file.close()
    }
  }

  // At once: for 8 KiB the four trips to the thread pool that a promise makes cost more than the reading.
  bytes(path: string): Uint8Array | undefined {
    try {
      const bytes = readRegularSync(path)
      if (!bytes) this.#irregular.add(path)
      return bytes
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async names(folder: string): Promise<string[]> {
    try {
      return await readdir(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTDIR' || code === 'ELOOP') this.#irregular.add(folder)
      else if (code !== 'ENOENT') throw error
      return []
    }
  }

  async condition(): Promise<Condition> {
    const here = await this.names(this.#dir)
    const segments = await this.names(join(this.#dir, SEGMENTS))
    const lacks: Condition['lacks'] = []
    if (!here.includes(CHECKPOINT)) lacks.push('checkpoint')
    if (!here.includes(VKEY)) lacks.push('vkey')
    if (!(await this.#hasTile())) lacks.push('tiles')
    return {
      irregular: [...this.#irregular].map((path) => relative(this.#dir, path)).sort(),
      strays: segments.filter((name) => parseSegmentName(name) === undefined && !name.endsWith(TEMPORARY)).sort(),
      lacks,
    }
  }

  // Level 0 has one for every log that has any; emptied folders are none. The first that is found is enough.
  async #hasTile(folder = join(this.#dir, TILES, '0')): Promise<boolean> {
    const entries = await orElse(readdir(folder, { withFileTypes: true }), [])
    if (entries.some((entry) => !entry.isDirectory())) return true
    for (const entry of entries) if (await this.#hasTile(join(folder, entry.name))) return true
    return false
  }
}

async function orElse<T, U>(found: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await found
  } catch (error) {
    if (isMissing(error)) return otherwise
    throw error
  }
}

const isMissing = (error: unknown) =>
  ['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')
