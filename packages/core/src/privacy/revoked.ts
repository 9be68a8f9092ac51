// Tokens that were revoked in this process, by reference: bounded, oldest out. It lets a later use be told as such.

const MOST = 100_000

export class KnownRevoked {
  readonly #refs = new Set<string>()

  add(ref: string): void {
    this.#refs.delete(ref)
    if (this.#refs.size >= MOST) this.#refs.delete(this.#refs.values().next().value!)
    this.#refs.add(ref)
  }

  has(ref: string): boolean {
    return this.#refs.has(ref)
  }
}
