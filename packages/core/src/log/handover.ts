// The steps by which a log goes from one signing key to the next. Until the record is durable the old key signs as ever;
// then it signs once more, exactly over the record; then the writer keeps the new key's name; then the new key signs.
import type { Frontier } from '@trailproof/tlog'
import type { LogKey } from './crypto.js'

export class Handover {
  #next: LogKey | undefined
  #border: { size: number; root: Uint8Array } | undefined
  #signed = false

  /** @param next - the key to hand over to; undefined when nothing is to be done */
  constructor(next: LogKey | undefined) {
    this.#next = next
  }

  get isUnderWay(): boolean {
    return this.#next !== undefined
  }

  /** The one size that the old key has still to sign. */
  get border(): { size: number; root: Uint8Array } | undefined {
    return this.#border
  }

  /** The key to hand over to, once the old one has signed the border. */
  get successor(): LogKey | undefined {
    return this.#signed ? this.#next : undefined
  }

  /** The record is durable, as the last leaf of `frontier`. */
  record(frontier: Frontier): void {
    if (this.#next && !this.#signed) this.#border = { size: frontier.size, root: frontier.root() }
  }

  /** A synced checkpoint of this size is kept. */
  kept(size: number): void {
    if (this.#border?.size !== size) return
    this.#border = undefined
    this.#signed = true
  }

  done(): void {
    this.#next = undefined
    this.#signed = false
  }
}
