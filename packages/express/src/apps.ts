// The context of every request of every application, without a line in any of them: for whoever has the module of Express
// in hand before applications are made, as `@trailproof/auto` has.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Audit } from '@trailproof/core'
import {
  type AnyFunction,
  type AuditedRequest,
  contextOf,
  coreOf,
  type Handle,
  hookOnce,
  patch,
  quietly,
  runInContext,
  unsupported,
} from '@trailproof/core/adapter'
import { type AuditExpressOptions, contextOpener } from './express.js'

/** What of Express is needed: what `import express from 'express'` gives. */
export interface ExpressLike {
  application: object
}

/** An application; Express gives each a prototype for its requests, which knows the application. */
interface App {
  request?: object
}

/**
 * Does for all applications that are made from now on what `app.use(auditExpress(audit, options))` as their first line
 * does. Nothing is mounted: an application's router, its settings and what it lists stay as they are.
 *
 * @param express changed in place, once: attaching twice returns the first handle
 * @returns `detach()` puts `handle` back; applications that were made meanwhile go on unaudited
 * @throws TRAILPROOF_HOOK_UNSUPPORTED this is not Express, or it is frozen; nothing was changed
 * @throws TRAILPROOF_OPTION_INVALID naming the option; nothing was changed
 */
export function auditExpressApps(audit: Audit, express: ExpressLike, options: AuditExpressOptions = {}): Handle {
  const core = coreOf(audit)
  const open = contextOpener(core, options)
  const target = express?.application as { handle?: unknown } | undefined
  if (typeof target?.handle !== 'function')
    throw unsupported('express', 'this is not Express', "pass what `import express from 'express'` gives")
  return hookOnce(core, target, 'express.apps', () => {
    let attached = true
    // Each application has a copy of this method, which outlives `detach`.
    const undo = patch(target, 'handle', (original: AnyFunction) => {
      const watched = {
        handle(this: App, ...args: unknown[]): unknown {
          const [req, res] = args as [AuditedRequest, ServerResponse]
          const context = attached
            ? quietly(() => (contextOf(req)?.res === res ? undefined : open(req, res, asExpressSees(this, req))))
            : undefined
          const run = () => original.apply(this, args)
          return context ? runInContext(context, run) : run()
        },
      }
      return watched.handle
    })
    if (!undo) throw unsupported('express', '"handle" cannot be replaced')
    core.hooked('express', { context: true, apps: 'all' })
    return [
      undo,
      () => {
        attached = false
      },
    ]
  })
}

/** The request as Express will have it in a moment: `ip` and `app`, without touching the raw one. */
function asExpressSees({ request }: App, { socket, headers }: IncomingMessage): AuditedRequest {
  return Object.create(request ?? null, {
    socket: { value: socket },
    connection: { value: socket },
    headers: { value: headers },
  }) as AuditedRequest
}
