// The hook of passport, on three levels that share one record per attempt:
//
//   passport.authenticate(…)   which strategies may be asked            middleware.ts
//   strategy.authenticate(…)   what each of them answers                strategies.ts, strategy.ts, restore.ts
//   session manager            logIn, logOut                            session.ts
//
// Everything is replaced on objects that the application has anyway; it keeps their identity.
import type { Audit } from '@trailproof/core'
import { coreOf, type Handle, hookOnce, patch, unsupported } from '@trailproof/core/adapter'
import { newHook } from './hook.js'
import { watchFactory } from './middleware.js'
import { checkOptions, type PassportHookOptions } from './options.js'
import { watchLogIn, watchLogOut } from './session.js'
import { Strategies, watchLookup, watchUse } from './strategies.js'

/** What of passport is needed: the object that `import passport from 'passport'` gives, or one of `new Passport()`. */
export interface PassportLike {
  use: (...args: never[]) => unknown
  authenticate: (...args: never[]) => unknown
}

/** passport's private parts, which 0.6 and 0.7 share; each is used only where it is found. */
interface Inside {
  _strategy?: unknown
  _strategies?: Record<string, object>
  _sm?: object
  _key?: unknown
}

/**
 * Records every sign-in that passport decides, whatever strategy, custom callback or framework stands around it:
 * `login.succeeded`, `login.failed`, `login.challenged`, `login.switched`, `logout.succeeded`, `logout.failed`,
 * `account.linked`, `account.link_failed`, `session.failed`, `session.invalid`.
 *
 * passport answers as before: same order, arguments, errors and objects. One thing can change: where policy says
 * `onFailure: 'refuse'` for `login.succeeded`, a success is passed on only when its record is safe, and becomes
 * TRAILPROOF_REFUSED (status 503) when it is not; then `login.refused` is recorded.
 *
 * Attach before routes are made where you can. Middleware made earlier is seen too, but for strategies that were passed
 * to it as instances.
 *
 * @param passport changed in place, once: attaching twice returns the first handle
 * @returns `detach()` puts every function back
 * @throws TRAILPROOF_HOOK_UNSUPPORTED this is not passport, or it is frozen; nothing was changed
 * @throws TRAILPROOF_OPTION_INVALID nothing was changed
 */
export function auditPassport(audit: Audit, passport: PassportLike, options: PassportHookOptions = {}): Handle {
  const settings = checkOptions(options)
  const core = coreOf(audit)
  const target = passportObject(passport)
  return hookOnce(core, target, 'passport', () => {
    const key = typeof target._key === 'string' ? target._key : 'passport'
    const hook = newHook(core, settings, key)
    const strategies = new Strategies(hook)
    const undo: Array<() => void> = [() => strategies.restoreAll()]
    const put = (on: object | undefined, name: string, wrap: Parameters<typeof patch>[2]): boolean => {
      const one = on && patch(on, name, wrap)
      if (one) undo.push(one)
      return Boolean(one)
    }

    const lookup = put(target, '_strategy', watchLookup(hook, strategies))
    if (!lookup) {
      put(target, 'use', watchUse(hook, strategies))
      for (const strategy of Object.values(target._strategies ?? {})) strategies.watch(strategy)
    }
    const middleware = put(target, 'authenticate', watchFactory(hook, strategies, 'authenticate'))
    put(target, 'authorize', watchFactory(hook, strategies, 'authorize'))
    const logIn = put(target._sm, 'logIn', watchLogIn(hook))
    const logOut = put(target._sm, 'logOut', watchLogOut(hook))

    core.hooked('passport', { strategies: lookup ? 'lookup' : 'use', middleware, session: logIn && logOut })
    undo.push(() => {
      hook.attached = false
    })
    return undo
  })
}

/** `import * as passport` is a view of the module; its `default` is the object that everyone shares. */
function passportObject(given: unknown): Inside {
  const inner = (given as { default?: unknown } | null | undefined)?.default
  for (const one of [inner, given] as (Partial<PassportLike> | null | undefined)[])
    if (typeof one?.use === 'function' && typeof one.authenticate === 'function') return one as Inside
  throw unsupported('passport', 'this is not passport', "pass the object that `import passport from 'passport'` gives")
}
