// The hook of jsonwebtoken: replaces `sign` and `verify` on the module's own object, so that everyone who calls them
// through it is seen: the application, passport-jwt, express-jwt, @nestjs/jwt. `decode` verifies nothing and is left alone.
import { type Audit, TrailproofError } from '@trailproof/core'
import { coreOf, type Handle, hookOnce, patch, unsupported } from '@trailproof/core/adapter'
import { watchSign } from './sign.js'
import { watchVerify } from './verify.js'

/** What of jsonwebtoken is needed: the object that `import jwt from 'jsonwebtoken'` or `require('jsonwebtoken')` gives. */
export interface JsonWebTokenLike {
  sign: (...args: never[]) => unknown
  verify: (...args: never[]) => unknown
}

export interface JwtHookOptions {
  /**
   * Of whom a token speaks: a user object as `identify` of the audit knows it, or undefined for nobody.
   * Default: `{ id: claims.sub }`. For applications that put the id elsewhere: `(claims) => ({ id: claims.userId })`.
   */
  account?: (claims: Readonly<Record<string, unknown>>) => unknown
}

/**
 * Records `token.issued`, `token.issue_failed`, `token.verified` and `token.rejected` for every call of `sign` and
 * `verify`, with or without a callback. Results, errors (the same objects), `this`, names, lengths and the order of
 * callbacks stay as they are, and no call takes longer than the note it writes.
 *
 * One thing can change: where policy says `onFailure: 'refuse'` for `token.issued` and the log is known to have failed,
 * `sign` fails with TRAILPROOF_REFUSED (status 503) before it signs.
 *
 * @param jsonwebtoken changed in place, once: attaching twice returns the first handle
 * @returns `detach()` puts both functions back
 * @throws TRAILPROOF_HOOK_UNSUPPORTED the object has no `sign` and `verify` that can be replaced; nothing was changed
 * @throws TRAILPROOF_OPTION_INVALID nothing was changed
 */
export function auditJwt(audit: Audit, jsonwebtoken: JsonWebTokenLike, options: JwtHookOptions = {}): Handle {
  checkOptions(options)
  const core = coreOf(audit)
  const target = moduleObject(jsonwebtoken)
  return hookOnce(core, target, 'jwt', () => {
    let attached = true
    const hook = { core, attached: () => attached, account: options.account ?? accountOfSubject }
    const undo: Array<() => void> = [
      () => {
        attached = false
      },
    ]
    for (const [name, wrap] of [
      ['sign', watchSign(hook)],
      ['verify', watchVerify(hook)],
    ] as const) {
      const one = patch(target, name, wrap)
      if (!one) {
        for (const done of undo) done()
        throw unsupported(
          'jwt',
          `"${name}" cannot be replaced`,
          "pass the object that `import jwt from 'jsonwebtoken'` gives",
        )
      }
      undo.push(one)
    }
    core.hooked('jwt', { library: 'jsonwebtoken', sign: true, verify: true })
    return undo
  })
}

/** `import * as jwt` is a frozen view; its `default` is the object that everyone shares. */
function moduleObject(given: unknown): object {
  const inner = (given as { default?: unknown } | null | undefined)?.default
  for (const one of [inner, given] as (Partial<JsonWebTokenLike> | null | undefined)[])
    if (typeof one?.sign === 'function' && typeof one.verify === 'function') return one
  throw unsupported('jwt', 'this is not jsonwebtoken', "pass the object that `import jwt from 'jsonwebtoken'` gives")
}

function accountOfSubject(claims: Readonly<Record<string, unknown>>): unknown {
  const { sub } = claims
  return (typeof sub === 'string' && sub !== '') || typeof sub === 'number'
    ? { id: String(sub).slice(0, 256) }
    : undefined
}

function checkOptions(options: JwtHookOptions): void {
  for (const name of Object.keys(options))
    if (name !== 'account') throw invalid(`unknown option "${name}"`, 'the one option of auditJwt is "account"')
  if (options.account !== undefined && typeof options.account !== 'function')
    throw invalid('option "account" must be a function', 'account: (claims) => ({ id: claims.userId })')
}

function invalid(message: string, hint: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, { hint })
}
