// The middleware level: `passport.authenticate()` and `passport.authorize()` say which strategies an attempt may ask, so
// that only the last failure is a decision, and strategies passed in as instances are seen too.

import type { AnyFunction } from '@trailproof/core/adapter'
import { contextOf, quietly, sameShape } from '@trailproof/core/adapter'
import { Attempt } from './attempt.js'
import { denied } from './decision.js'
import { type Hook, isObject } from './hook.js'
import { rawRequest } from './request.js'
import type { Strategies } from './strategies.js'

/** (ctx, next) as koa-passport makes it, (req, res, next) as everyone else. */
const ARITIES = [2, 3]

/** Wraps the factory; arguments and callback of the application reach passport untouched. */
export function watchFactory(hook: Hook, strategies: Strategies, factory: 'authenticate' | 'authorize') {
  return (original: AnyFunction): AnyFunction => {
    const wrapper = {
      factory(this: unknown, ...args: unknown[]): unknown {
        const middleware = original.apply(this, args)
        // Custom frameworks may return anything; what is neither of the two is watched at the strategy level only.
        if (
          !hook.attached ||
          typeof middleware !== 'function' ||
          !ARITIES.includes(middleware.length) ||
          args[0] === 'session'
        )
          return middleware
        const linking =
          factory === 'authorize' || (args[1] as { assignProperty?: unknown } | undefined)?.assignProperty === 'account'
        return (
          quietly(() => watchMiddleware(hook, strategies, middleware as AnyFunction, args[0], linking)) ?? middleware
        )
      },
    }
    return wrapper.factory
  }
}

function watchMiddleware(
  hook: Hook,
  strategies: Strategies,
  middleware: AnyFunction,
  given: unknown,
  linking: boolean,
): AnyFunction {
  const layers: readonly unknown[] = Array.isArray(given) ? given : [given] // the list itself: passport reads it live
  const wrapper = {
    authenticate(this: unknown, ...args: unknown[]): unknown {
      const req = args[0] // or the context of Koa
      if (!hook.attached || !isObject(req)) return middleware.apply(this, args)
      const attempt = quietly(() => {
        for (const layer of layers)
          if (isObject(layer) && typeof (layer as { authenticate?: unknown }).authenticate === 'function')
            strategies.watch(layer)
        const one = new Attempt(req, contextOf(rawRequest(req)), layers, linking)
        if (one.atLast) denied(hook, one) // no strategy to ask: passport turns everyone away
        return one
      })
      if (!attempt) return middleware.apply(this, args)
      return hook.attempts.serve(attempt, () => middleware.apply(this, args))
    },
  }
  return sameShape(wrapper.authenticate, middleware)
}
