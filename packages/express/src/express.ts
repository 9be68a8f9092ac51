// The context of a request, for Express 4 and 5, and what its response says: mount it first.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Audit, TrailproofError } from '@trailproof/core'
import {
  type AuditCore,
  type AuditedRequest,
  checkEvery,
  coreOf,
  type EveryRequest,
  type EveryRules,
  expressAddress,
  expressRoute,
  nearest,
  openContext,
  quietly,
  type RequestContext,
  recordDenial,
  recordEvery,
  runInContext,
} from '@trailproof/core/adapter'

export interface AuditExpressOptions {
  /**
   * Below these paths every request leaves a record when its answer begins: `{ '/admin/**': 'admin.action' }`. The
   * outcome follows the status, as with `audited`. A request that another record tells is not told twice: a denial
   * (`authz.denied`), a failed sign-in, a route with `audited`.
   */
  every?: EveryRequest
  /**
   * Reads the client's address from the header `Forwarded` (RFC 7239) too, where `trust proxy` trusts who sent it; then it
   * counts before `X-Forwarded-For`. Only for proxies that set it anew: one that passes on what a client wrote there lets
   * the client choose. Default false, as in Express.
   */
  forwarded?: boolean
}

export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

/**
 * Opens the context of every request: address as Express knows it (`trust proxy` decides), user agent, device, request
 * and trace id; holds the response while records are not safe; records an answer 401 or 403 that nothing else has told
 * as `authz.denied`. Mounting it twice records once.
 *
 * @throws TRAILPROOF_OPTION_INVALID naming the option; nothing was hooked
 */
export function auditExpress(audit: Audit, options: AuditExpressOptions = {}): Middleware {
  const core = coreOf(audit)
  const open = contextOpener(core, options)
  let attached = true
  core.hooked('express', { context: true })
  core.onDetach(() => {
    attached = false
  })
  return function auditExpressContext(req, res, next) {
    const context = attached ? quietly(() => open(req, res, req)) : undefined
    return context ? runInContext(context, next) : next()
  }
}

/**
 * How this adapter opens contexts.
 *
 * @returns a function of the raw request and response, and of the request whose `ip` and `app` are Express' own
 * @throws TRAILPROOF_OPTION_INVALID naming the option
 */
export function contextOpener(core: AuditCore, options: AuditExpressOptions) {
  const rules = checkOptions(options)
  const { forwarded = false } = options
  return (req: AuditedRequest, res: ServerResponse, known: AuditedRequest): RequestContext => {
    const route = () => expressRoute(req)
    const opened = openContext(core, req, res, { address: expressAddress(known, forwarded), route })
    recordDenial(opened, 'express')
    recordEvery(opened, 'express', rules)
    return opened
  }
}

function checkOptions(options: AuditExpressOptions): EveryRules {
  const { every, forwarded = false, ...rest } = options
  for (const name of Object.keys(rest))
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `unknown option "${name}" of auditExpress()`, {
      hint: nearest(name, ['every', 'forwarded'], 'options'),
    })
  if (typeof forwarded !== 'boolean')
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'option "forwarded" of auditExpress() must be true or false')
  return checkEvery(every, 'auditExpress()')
}
