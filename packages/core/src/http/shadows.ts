// Own properties laid over those of an object, and taken away again as if they had never been there.

interface Shadow {
  ours: PropertyDescriptor
  theirs: PropertyDescriptor | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: a method of somebody else, called as it would have been
type Method = (...args: any[]) => unknown

export class Shadows {
  readonly #target: object
  readonly #laid = new Map<string, Shadow>()

  constructor(target: object) {
    this.#target = target
  }

  cover(name: string, descriptor: PropertyDescriptor): void {
    const ours = { ...descriptor, configurable: true, enumerable: false }
    this.#laid.set(name, { ours, theirs: Object.getOwnPropertyDescriptor(this.#target, name) })
    Object.defineProperty(this.#target, name, ours)
  }

  /** Calls what a covered method covers. */
  below(name: string, args: unknown[]): unknown {
    const theirs = this.#laid.get(name)?.theirs?.value as Method | undefined
    const original = theirs ?? (Object.getPrototypeOf(this.#target) as Record<string, Method>)[name]!
    return original.apply(this.#target, args)
  }

  /**
   * Takes all shadows away. What others put over one since then is theirs: it stays, and ours below it is still called,
   * so it has to let everything through.
   */
  lift(): void {
    // Newest first: so V8 goes back to the shape before. In another order it would make the object a dictionary, and slow
    // everything that node does with it, for as long as it lives.
    for (const [name, { ours, theirs }] of [...this.#laid].reverse()) {
      const now = Object.getOwnPropertyDescriptor(this.#target, name)
      if (!now || now.value !== ours.value || now.get !== ours.get) continue
      if (theirs) Object.defineProperty(this.#target, name, theirs)
      else delete (this.#target as Record<string, unknown>)[name]
    }
  }
}
