// `verify`: a token was accepted, or rejected and why.

import type { AnyFunction } from '@trailproof/core/adapter'
import { currentContext, quietly } from '@trailproof/core/adapter'
import { callWatched } from './call.js'
import { factsOf, isSigned, keepSecret, readToken } from './facts.js'
import { rejectionReason, signatureWasGood } from './reason.js'
import type { JwtHook } from './sign.js'

export function watchVerify(hook: JwtHook): (original: AnyFunction) => AnyFunction {
  const { core } = hook
  return (original) => {
    const wrapper = {
      verify(this: unknown, ...args: unknown[]): unknown {
        if (!hook.attached()) return original.apply(this, args)
        const [token, key, options] = args
        const context = currentContext()
        quietly(() => {
          keepSecret(context, token)
          keepSecret(context, key)
        })
        return callWatched(original, this, args, callbackOfVerify(args), {
          answered() {
            const read = readToken(token)
            const actor = quietly(() => hook.account(read.claims))
            // Whoever presents a good token is whom this request acts for, unless a library has said more already.
            if (context && !context.actor && actor !== undefined) context.actor = core.identify(actor)
            const data = expiryWasIgnored(read.claims.exp, options) ? { expired_accepted: true } : undefined
            const facts = factsOf(token, read, isSigned(read))
            core.observe({ hook: 'jwt', event: 'token.verified', actor, token: facts, data, context: context ?? null })
          },
          failed(error) {
            const read = readToken(token)
            const reason = rejectionReason(error, read.header.alg)
            const facts = factsOf(token, read, signatureWasGood(reason))
            core.observe({ hook: 'jwt', event: 'token.rejected', reason, token: facts, context: context ?? null })
          },
        })
      },
    }
    return wrapper.verify
  }
}

/** jsonwebtoken: verify(token, keyOrGetKey, [options], [callback]); a function in second place is no callback. */
function callbackOfVerify(args: unknown[]): number {
  if (args[3]) return typeof args[3] === 'function' ? 3 : -1
  return typeof args[2] === 'function' ? 2 : -1
}

/** Accepted only because the application asked to overlook the end of its life. */
function expiryWasIgnored(exp: unknown, options: unknown): boolean {
  if (typeof exp !== 'number' || typeof options !== 'object' || options === null) return false
  const { ignoreExpiration, clockTimestamp, clockTolerance } = options as Record<string, unknown>
  const now = typeof clockTimestamp === 'number' && clockTimestamp ? clockTimestamp : Math.floor(Date.now() / 1000)
  return Boolean(ignoreExpiration) && now >= exp + (typeof clockTolerance === 'number' ? clockTolerance : 0)
}
