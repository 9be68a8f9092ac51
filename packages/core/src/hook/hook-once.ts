// Putting our functions in the place of others, once, and taking them out again without a trace.
import type { AuditCore } from '../adapter.js'
import { TrailproofError } from '../errors.js'
import { noteHooked } from './unhooked.js'
import { type AnyFunction, markOnce, quietly, sameShape, unmark } from './wrap.js'

export type { AnyFunction } from './wrap.js'

export interface Handle {
  /** Puts every patched function back; safe to call twice. */
  detach(): void
}

/**
 * Attaches a hook to a library's object, unless one is attached: then its handle is returned, by any copy of Trailproof.
 *
 * @param attach patches, and returns what undoes it
 * @throws TRAILPROOF_HOOK_UNSUPPORTED the object is frozen; nothing was changed
 */
export function hookOnce(core: AuditCore, target: object, name: string, attach: () => Array<() => void>): Handle {
  const handleKey = Symbol.for(`trailproof.${name}.handle`)
  if (!Object.isExtensible(target)) throw unsupported(name, 'the object is frozen')
  if (!markOnce(target, name)) return (target as Record<symbol, Handle>)[handleKey] ?? { detach() {} }
  let undo: Array<() => void>
  try {
    undo = attach()
  } catch (error) {
    unmark(target, name)
    throw error
  }
  undo.push(noteHooked(target))
  const handle = core.onDetach(() => {
    for (const one of undo.splice(0).reverse()) quietly(one)
    Reflect.deleteProperty(target, handleKey)
    unmark(target, name)
  })
  Object.defineProperty(target, handleKey, { value: handle, configurable: true })
  return handle
}

/**
 * Replaces the method `key` of `target` by one of the same name, length and own properties.
 *
 * @returns undo: the property becomes what it was, and is deleted where it was inherited. What someone else has put on
 * top since stays. Undefined when the property is no function or cannot be replaced: nothing was changed.
 */
export function patch(
  target: object,
  key: string,
  wrap: (original: AnyFunction) => AnyFunction,
): (() => void) | undefined {
  const original: unknown = Reflect.get(target, key)
  if (typeof original !== 'function') return undefined
  const own = Object.getOwnPropertyDescriptor(target, key)
  const value = sameShape(wrap(original as AnyFunction), original as AnyFunction)
  const { enumerable = false, writable = true } = own ?? {} // not enumerable where it was inherited: Object.keys stays
  if (!Reflect.defineProperty(target, key, { value, enumerable, writable, configurable: true })) return undefined
  return () => {
    if (Object.getOwnPropertyDescriptor(target, key)?.value !== value) return
    if (own) Object.defineProperty(target, key, own)
    else Reflect.deleteProperty(target, key)
  }
}

export function unsupported(hook: string, what: string, hint?: string): TrailproofError {
  return new TrailproofError(
    'TRAILPROOF_HOOK_UNSUPPORTED',
    `the ${hook} hook cannot attach: ${what}`,
    hint ? { hint } : {},
  )
}
