// The context of a request, for Express 4 and 5, and what its response says: mount it first.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Audit } from '@trailproof/core'
import {
  type AuditedRequest,
  clientAddress,
  coreOf,
  expressRoute,
  openContext,
  quietly,
  type RequestContext,
  recordDenial,
  runInContext,
} from '@trailproof/core/adapter'

export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

/**
 * Opens the context of every request: address as Express knows it (`trust proxy` decides), user agent, device, request
 * and trace id; holds the response while records are not safe; records an answer 401 or 403 that nothing else has told
 * as `authz.denied`. Mounting it twice records once.
 */
export function auditExpress(audit: Audit): Middleware {
  const core = coreOf(audit)
  let attached = true
  core.hooked('express', { context: true })
  core.onDetach(() => {
    attached = false
  })
  return function auditExpressContext(req, res, next) {
    const context = attached ? quietly(() => open(req)) : undefined
    return context ? runInContext(context, next) : next()

    function open(request: AuditedRequest): RequestContext {
      const route = () => expressRoute(request)
      const opened = openContext(core, request, res, { address: clientAddress(request, request.ip), route })
      recordDenial(opened, 'express')
      return opened
    }
  }
}
