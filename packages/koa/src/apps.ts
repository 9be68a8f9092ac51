// The context of every request of every application, without a line in any of them: for whoever has the module of Koa in
// hand before requests arrive, as `@trailproof/auto` has.
import type { Audit } from '@trailproof/core'
import { type AnyFunction, coreOf, type Handle, hookOnce, patch, unsupported } from '@trailproof/core/adapter'
import { type AuditKoaOptions, auditKoa, type KoaContext, type KoaMiddleware } from './koa.js'

/** What of Koa is needed: the class that `import Koa from 'koa'` gives. */
export interface KoaLike {
  prototype: object
}

type Composed = (ctx: KoaContext) => Promise<unknown>

/**
 * Does for all applications what `app.use(auditKoa(audit, options))` as their first line does. Nothing is added to
 * `app.middleware`.
 *
 * @param Koa its prototype is changed in place, once: attaching twice returns the first handle
 * @returns `detach()` puts `handleRequest` back
 * @throws TRAILPROOF_HOOK_UNSUPPORTED this is not Koa, or it is frozen; nothing was changed
 * @throws TRAILPROOF_OPTION_INVALID naming the option; nothing was changed
 */
export function auditKoaApps(audit: Audit, Koa: KoaLike, options: AuditKoaOptions = {}): Handle {
  const core = coreOf(audit)
  const target = Koa?.prototype as { handleRequest?: unknown } | undefined
  if (typeof target?.handleRequest !== 'function')
    throw unsupported('koa', 'this is not Koa', "pass what `import Koa from 'koa'` gives")
  return hookOnce(core, target, 'koa.apps', () => {
    const middleware: KoaMiddleware = auditKoa(audit, options)
    const undo = patch(target, 'handleRequest', (original: AnyFunction) => {
      const watched = {
        handleRequest(this: unknown, ctx: KoaContext, composed: Composed): unknown {
          return original.call(this, ctx, (given: KoaContext) => middleware(given, () => composed(given)))
        },
      }
      return watched.handleRequest
    })
    if (!undo) throw unsupported('koa', '"handleRequest" cannot be replaced')
    core.hooked('koa', { context: true, apps: 'all' })
    return [undo]
  })
}
