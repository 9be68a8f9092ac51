// Room kept for a log's last words on a full disk: half of it for lines, half for a checkpoint over them.
import { join } from 'node:path'
import { type Disk, isFull } from './disk.js'
import { writeWhole } from './durable.js'
import { BALLAST } from './layout.js'
import type { Steps } from './steps.js'

export const DEFAULT_BALLAST_BYTES = 64 * 1024

const STEPS = 16

export class Ballast {
  readonly #disk: Disk
  readonly #path: string
  readonly #bytes: number

  constructor(disk: Disk, folder: string, bytes: number) {
    this.#disk = disk
    this.#path = join(folder, BALLAST)
    this.#bytes = bytes
  }

  /** Takes the room, or as much of it as there is. Where there is none, the log does without. */
  *take(): Steps<void> {
    if (this.#held() >= this.#bytes) return
    // By small steps: what is not taken is left to lines, and after a few times nothing would be left for a checkpoint.
    const step = Math.max(1, Math.floor(this.#bytes / STEPS))
    for (let bytes = this.#bytes; bytes > 0; bytes -= step) if (yield* this.#tryTake(bytes)) return
  }

  /** Gives half of the room to lines. */
  giveHalf(): void {
    this.#try(() => {
      if (this.#held() <= this.#half) return
      const fd = this.#disk.open(this.#path, 'edit')
      try {
        this.#disk.truncate(fd, this.#half)
      } finally {
        this.#disk.close(fd)
      }
    })
  }

  /** Gives all of it to a checkpoint, after which what is left of it should be taken again. @returns whether there was any */
  giveAll(): boolean {
    const held = this.#held()
    this.#try(() => this.#disk.remove(this.#path))
    return held > 0
  }

  get #half(): number {
    return Math.floor(this.#bytes / 2)
  }

  #held(): number {
    return this.#disk.stat(this.#path)?.size ?? 0
  }

  /** @returns false when there is too little room, of which nothing is taken then */
  *#tryTake(bytes: number): Steps<boolean> {
    if (this.#disk.stat(this.#path)) this.#disk.remove(this.#path)
    const fd = this.#disk.open(this.#path, 'create')
    let full = false
    try {
      // Random bytes would be needed on a file system that compresses; on the usual ones zeros take their room.
      yield* writeWhole(fd, new Uint8Array(bytes), 0)
      yield { do: 'sync', fd } // delayed allocation: only now are the blocks ours
    } catch (error) {
      if (!isFull(error)) throw error
      full = true
    } finally {
      yield { do: 'close', fd }
    }
    if (full) this.#disk.remove(this.#path)
    return !full
  }

  #try(give: () => void): void {
    try {
      give()
    } catch {} // gone already
  }
}
