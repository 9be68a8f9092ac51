// Hooks a session store: its five methods, on this instance, so that they can be taken back. The store's class and its
// other instances are not touched.
import { markOnce, quietly, sameShape, unmark } from '@trailproof/core/adapter'
import type { Method } from './call.js'
import { watchGet } from './presented.js'
import type { Recorder } from './recorder.js'
import { Refusal } from './refusal.js'
import { watchRegenerate } from './rotation.js'
import { watchDestroy, watchSet, watchTouch } from './stored.js'
import type { Visit } from './visit.js'

const MARK = 'sessions'

export interface WatchedStore {
  /** A request arrives that may store a session: should policy refuse its response, that is undone. */
  arm(visit: Visit): void
  /** Gives the store its own methods back. */
  restore(): void
}

/**
 * Watches one store. Call it after express-session has been given the store.
 *
 * @returns undefined when the store is watched already, by any copy of Trailproof, or cannot be changed (frozen)
 */
export function watchStore(recorder: Recorder, store: object): WatchedStore | undefined {
  if (!quietly(() => markOnce(store, MARK))) return undefined
  const destroy = (store as Record<string, unknown>)['destroy'] as Method
  const refusal = new Refusal(recorder, store, destroy)
  const live = { on: true }
  const undo = [
    replaceMethod(store, 'get', live, (get) => watchGet(recorder, store, get)),
    replaceMethod(store, 'set', live, (set) => watchSet(recorder, store, set, refusal)),
    replaceMethod(store, 'touch', live, (touch) => watchTouch(recorder, store, touch)),
    replaceMethod(store, 'destroy', live, (own) => watchDestroy(recorder, store, own)),
    replaceMethod(store, 'regenerate', live, (regenerate) => watchRegenerate(recorder, regenerate)),
  ]
  return {
    arm: (visit) => refusal.arm(visit),
    restore() {
      live.on = false
      for (const restore of undo) quietly(restore)
      quietly(() => unmark(store, MARK))
    },
  }
}

export function replaceMethod(
  store: object,
  name: string,
  live: { on: boolean },
  watch: (method: Method) => Method,
): () => void {
  const original = (store as Record<string, unknown>)[name]
  if (typeof original !== 'function') return () => {} // `touch` is optional, and express-session looks whether it is there
  const method = original as Method
  const watched = watch(method)
  const own = Object.getOwnPropertyDescriptor(store, name)
  const wrapper = sameShape(function (this: unknown, ...args: unknown[]): unknown {
    return (live.on ? watched : method).apply(this, args)
  }, method)
  const enumerable = own?.enumerable ?? false
  Object.defineProperty(store, name, { value: wrapper, configurable: true, writable: true, enumerable })
  return () => {
    // Someone wrapped us since: our wrapper stays below theirs and only passes on.
    if (Object.getOwnPropertyDescriptor(store, name)?.value !== wrapper) return
    if (own) Object.defineProperty(store, name, own)
    else Reflect.deleteProperty(store, name)
  }
}
