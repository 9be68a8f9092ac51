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
    for (const [name, { ours, theirs }] of this.#laid) {
      const now = Object.getOwnPropertyDescriptor(this.#target, name)
      if (!now || now.value !== ours.value || now.get !== ours.get) continue
      Reflect.deleteProperty(this.#target, name)
      if (theirs) Object.defineProperty(this.#target, name, theirs)
    }
  }
}
