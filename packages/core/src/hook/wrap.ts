// The few moves that every hook makes, so that no hook can change what the application does.

/** Runs an observer; whatever it throws is ours to lose, never the application's to see. */
export function quietly<T>(observer: () => T): T | undefined {
  try {
    return observer()
  } catch {
    return undefined
  }
}

/** Gives a wrapper the name, length and own properties of what it wraps, since applications and libraries look at them. */
export function sameShape<F extends (...args: never[]) => unknown>(
  wrapper: F,
  original: (...args: never[]) => unknown,
): F {
  for (const key of Reflect.ownKeys(original)) {
    // Of sloppy functions these two walk the stack when they are only looked at, and always say null.
    if (key === 'arguments' || key === 'caller') continue
    const own = Object.getOwnPropertyDescriptor(wrapper, key)
    if (own && !own.configurable) continue
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key)!)
  }
  return wrapper
}

/**
 * Marks an object as hooked.
 *
 * @returns false when it is already marked under this name, by any copy of Trailproof: hook it not twice
 */
export function markOnce(target: object, name: string): boolean {
  const mark = Symbol.for(`trailproof.${name}`)
  if (Object.hasOwn(target, mark)) return false
  Object.defineProperty(target, mark, { value: true, configurable: true })
  return true
}

export function unmark(target: object, name: string): void {
  delete (target as Record<symbol, unknown>)[Symbol.for(`trailproof.${name}`)]
}

/** Index of a trailing callback at or after `from`, or -1. */
export function callbackIndex(args: readonly unknown[], from: number): number {
  for (let i = args.length - 1; i >= from; i--) if (typeof args[i] === 'function') return i
  return -1
}
