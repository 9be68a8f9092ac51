// `sign`: a token was issued, or could not be.
import { TrailproofError } from '@trailproof/core'
import type { AnyFunction } from '@trailproof/core/adapter'
import { type AuditCore, currentContext, quietly } from '@trailproof/core/adapter'
import { callWatched } from './call.js'
import { factsOf, isSigned, keepSecret, readToken } from './facts.js'

/** What the watchers of both functions share. */
export interface JwtHook {
  core: AuditCore
  attached(): boolean
  account(claims: Readonly<Record<string, unknown>>): unknown
}

export function watchSign(hook: JwtHook): (original: AnyFunction) => AnyFunction {
  const { core } = hook
  return (original) => {
    const wrapper = {
      sign(this: unknown, ...args: unknown[]): unknown {
        if (!hook.attached()) return original.apply(this, args)
        // jsonwebtoken: sign(payload, key, [options], [callback]); a function in third place is the callback.
        const at = typeof args[2] === 'function' ? 2 : typeof args[3] === 'function' ? 3 : -1
        const context = currentContext()
        const failed = (reason: string) =>
          core.observe({ hook: 'jwt', event: 'token.issue_failed', reason, context: context ?? null })
        quietly(() => keepSecret(context, args[1]))

        // The declared exception: a log known to have failed takes no record, so policy lets no token out.
        if (quietly(() => core.policyFor('token.issued').onFailure === 'refuse' && core.failing())) {
          quietly(() => failed('refused'))
          if (at < 0) throw refusal()
          return (args[at] as AnyFunction)(refusal())
        }
        return callWatched(original, this, args, at, {
          answered(token) {
            keepSecret(context, token)
            const read = readToken(token)
            const actor = quietly(() => hook.account(read.claims))
            const facts = factsOf(token, read, isSigned(read))
            core.observe({ hook: 'jwt', event: 'token.issued', actor, token: facts, context: context ?? null })
          },
          failed(error) {
            const { message } = (error ?? {}) as { message?: unknown }
            failed(/secretOrPrivateKey|key type|curve/.test(String(message)) ? 'key_error' : 'error')
          },
        })
      },
    }
    return wrapper.sign
  }
}

function refusal(): TrailproofError {
  return new TrailproofError('TRAILPROOF_REFUSED', 'no token was signed, since its record would not be safe', {
    hint: 'the audit log cannot be written; see audit.health()',
    status: 503,
    statusCode: 503,
  })
}
