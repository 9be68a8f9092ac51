// Waits until a log folder may have changed: the system's notice where there is one, a timer in any case, since notices get
// lost (network folders, limits on watches, renamed folders).
import { type FSWatcher, watch } from 'node:fs'

export class Changes {
  readonly #pollMs: number
  readonly #signal: AbortSignal | undefined
  #watcher: FSWatcher | undefined
  #changed = false
  #wake: (() => void) | undefined

  constructor(dir: string, pollMs: number, signal: AbortSignal | undefined) {
    this.#pollMs = pollMs
    this.#signal = signal
    try {
      this.#watcher = watch(dir, { persistent: false }, () => this.#notice())
      this.#watcher.on('error', () => this.#watcher?.close()) // the timer goes on
    } catch {}
    signal?.addEventListener('abort', this.#notice, { once: true })
  }

  /** Resolves at the next change, after `pollMs`, or at once when something has changed since the last call. */
  async next(): Promise<void> {
    if (!this.#changed && !this.#signal?.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#pollMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#changed = false
    this.#wake = undefined
  }

  close(): void {
    this.#watcher?.close()
    this.#signal?.removeEventListener('abort', this.#notice)
  }

  readonly #notice = (): void => {
    this.#changed = true
    this.#wake?.()
  }
}
