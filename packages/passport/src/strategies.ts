// Finds strategies, whenever they were registered: passport looks one up for every request that asks for it.
import { type AnyFunction, patch, quietly } from '@trailproof/core/adapter'
import { broke } from './decision.js'
import { type Hook, isObject } from './hook.js'
import { watchAuthenticate } from './strategy.js'

interface Watched {
  authenticate: unknown
  undo: () => void
}

export class Strategies {
  readonly #watched = new WeakMap<object, Watched>()
  /** For `detach`. Held weakly: some applications make a strategy per request. */
  #all: WeakRef<object>[] = []
  #sweepAt = 64
  #askedAs: { strategy: object; name: string } | undefined

  constructor(private readonly hook: Hook) {}

  /** `passport._strategy(name)`: gives back the very same strategy, watched from now on. */
  lookedUp(name: unknown, strategy: unknown): void {
    if (isObject(strategy)) {
      this.watch(strategy)
      // passport asks it next, within the same call. Two names may stand for one strategy.
      this.#askedAs = { strategy, name: String(name) }
      return
    }
    // passport will answer "Unknown authentication strategy" now, and no strategy will have run.
    const attempt = this.hook.attempts.waiting()
    if (attempt) broke(this.hook, attempt, undefined, 'unknown_strategy')
  }

  watch(strategy: object): void {
    const known = this.#watched.get(strategy)
    if (known && known.authenticate === (strategy as { authenticate?: unknown }).authenticate) return
    const undo = patch(
      strategy,
      'authenticate',
      watchAuthenticate(this.hook, strategy, () => this.#nameOf(strategy)),
    )
    if (!undo) return
    this.#watched.set(strategy, {
      authenticate: (strategy as { authenticate?: unknown }).authenticate,
      undo() {
        undo()
        known?.undo()
      },
    })
    if (!known) this.#remember(strategy)
  }

  restoreAll(): void {
    for (const one of this.#all.splice(0)) {
      const strategy = one.deref()
      if (strategy) quietly(() => this.#watched.get(strategy)?.undo())
    }
  }

  #nameOf(strategy: object): string {
    const asked = this.#askedAs
    this.#askedAs = undefined
    if (asked?.strategy === strategy) return asked.name
    const { name } = strategy as { name?: unknown }
    return typeof name === 'string' && name ? name : 'inline'
  }

  #remember(strategy: object): void {
    this.#all.push(new WeakRef(strategy))
    if (this.#all.length < this.#sweepAt) return
    this.#all = this.#all.filter((one) => one.deref())
    this.#sweepAt = 2 * this.#all.length + 64
  }
}

/** `passport._strategy`: what it finds goes to whoever asks, unchanged. */
export function watchLookup(hook: Hook, strategies: Strategies) {
  return (lookUp: AnyFunction): AnyFunction => {
    const wrapper = {
      _strategy(this: unknown, ...args: unknown[]): unknown {
        const strategy = lookUp.apply(this, args)
        if (hook.attached) quietly(() => strategies.lookedUp(args[0], strategy))
        return strategy
      },
    }
    return wrapper._strategy
  }
}

/** Where there is no lookup to watch: strategies are watched when they are registered. */
export function watchUse(hook: Hook, strategies: Strategies) {
  return (use: AnyFunction): AnyFunction => {
    const wrapper = {
      use(this: unknown, ...args: unknown[]): unknown {
        const result = use.apply(this, args)
        const strategy = args[1] || args[0]
        if (hook.attached && isObject(strategy)) quietly(() => strategies.watch(strategy))
        return result
      },
    }
    return wrapper.use
  }
}
