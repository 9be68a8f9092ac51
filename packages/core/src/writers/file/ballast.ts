// Room kept for a log's last words on a full disk: half of it for lines, half for a checkpoint over them.
import { join } from 'node:path'
import { type Disk, isFull } from './disk.js'
import { writeWhole } from './durable.js'
import { BALLAST } from './layout.js'
import type { Steps } from './steps.js'

export const DEFAULT_BALLAST_BYTES = 64 * 1024

export class Ballast {
  readonly #disk: Disk
  readonly #path: string
  readonly #bytes: number

  constructor(disk: Disk, folder: string, bytes: number) {
    this.#disk = disk
    this.#path = join(folder, BALLAST)
    this.#bytes = bytes
  }

  /** Takes the room, unless it is taken. Where there is too little, the log does without. */
  *take(): Steps<void> {
    const there = this.#disk.stat(this.#path)
    if (there && there.size >= this.#bytes) return
    if (there) this.#disk.remove(this.#path)
    if (this.#bytes === 0) return
    const fd = this.#disk.open(this.#path, 'create')
    let full = false
    try {
      // Random bytes would be needed on a file system that compresses; on the usual ones zeros take their room.
      yield* writeWhole(fd, new Uint8Array(this.#bytes), 0)
      yield { do: 'sync', fd } // delayed allocation: only now are the blocks ours
    } catch (error) {
      if (!isFull(error)) throw error
      full = true
    } finally {
      yield { do: 'close', fd }
    }
    if (full) this.#disk.remove(this.#path)
  }

  /** Gives half of the room to lines. */
  giveHalf(): void {
    this.#try(() => {
      const fd = this.#disk.open(this.#path, 'edit')
      try {
        if (this.#disk.fstat(fd).size > this.#bytes / 2) this.#disk.truncate(fd, Math.floor(this.#bytes / 2))
      } finally {
        this.#disk.close(fd)
      }
    })
  }

  /** Gives all of it away; the next opening takes it again. */
  giveAll(): void {
    this.#try(() => this.#disk.remove(this.#path))
  }

  #try(give: () => void): void {
    try {
      give()
    } catch {} // gone already
  }
}
