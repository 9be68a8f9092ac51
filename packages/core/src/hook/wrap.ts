// The few moves that every hook makes, so that no hook can change what the application does.

// biome-ignore lint/suspicious/noExplicitAny: any function at all, called with what it was called with
export type AnyFunction = (...args: any[]) => unknown

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
 * A function to be called where `original` was, of the same length and name. For callbacks, made anew for each request:
 * the usual lengths are written out, since defining properties on a function costs as much as all the rest.
 *
 * @param call is given `this` and the arguments
 */
export function inPlaceOf(
  original: AnyFunction,
  call: (self: unknown, args: ArrayLike<unknown>) => unknown,
): AnyFunction {
  const ours = withArity(original.length, call)
  return original.name === '' ? ours : Object.defineProperty(ours, 'name', { value: original.name, configurable: true })
}

/* biome-ignore-start lint/complexity/noArguments: a rest parameter would make the length 0 */
function withArity(length: number, call: (self: unknown, args: ArrayLike<unknown>) => unknown): AnyFunction {
  if (length === 2)
    return function (this: unknown, _first: unknown, _second: unknown) {
      return call(this, arguments)
    }
  if (length === 1)
    return function (this: unknown, _first: unknown) {
      return call(this, arguments)
    }
  if (length === 0)
    return function (this: unknown) {
      return call(this, arguments)
    }
  return Object.defineProperty(withArity(0, call), 'length', { value: length, configurable: true })
}
/* biome-ignore-end lint/complexity/noArguments: see above */

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
