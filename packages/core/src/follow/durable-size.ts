// How far a log on disk is durable, as a reader in another process can know it: the log signs a size only after its lines
// are synced, so the newest checkpoint is a lower bound, at most ten milliseconds behind.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openRegular } from '../verify/regular.js'
import { CHECKPOINT, CHECKPOINT_HISTORY } from '../writers/file/layout.js'

const TAIL = 16 * 1024
// origin, size, root, blank line, a whole signature line. Signatures are for verify; here a size is all that is asked.
const NOTE = /(?<=^|\n)[^\n]+\n(\d{1,16})\n[A-Za-z0-9+/]{43}=\n\n\u2014 [^\n]+\n/g

/** Remembers the last answer, since a quiet log is asked far more often than it grows. It never goes back. */
export class DurableSize {
  readonly #dir: string
  #seen = ''
  #size = 0

  constructor(dir: string) {
    this.#dir = dir
  }

  async read(): Promise<number> {
    const path = join(this.#dir, CHECKPOINT_HISTORY)
    const facts = await stat(path).catch(() => undefined)
    const state = facts ? `${facts.ino} ${facts.size} ${facts.mtimeMs}` : 'none'
    if (state === this.#seen) return this.#size
    const notes = [await tailOf(path), await tailOf(join(this.#dir, CHECKPOINT))]
    for (const text of notes)
      for (const [, size] of text.matchAll(NOTE)) this.#size = Math.max(this.#size, Number(size))
    this.#seen = state
    return this.#size
  }
}

async function tailOf(path: string): Promise<string> {
  const file = await openRegular(path).catch(() => undefined)
  if (!file) return ''
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.min(size, TAIL))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
