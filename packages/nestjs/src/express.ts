// The context of a request on platform-express, and on any platform whose requests are those of node:http.
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AuditCore,
  type AuditedRequest,
  type EveryRules,
  expressAddress,
  expressRoute,
  openContext,
  quietly,
  recordDenial,
  recordEvery,
  runInContext,
} from '@trailproof/core/adapter'
import { HOOK } from './hook.js'

export function expressContext(core: AuditCore, attached: () => boolean, every: EveryRules, forwarded: boolean) {
  return function auditNestContext(req: IncomingMessage, res: ServerResponse, next: () => void): void {
    const context = attached() ? quietly(() => open(req)) : undefined
    if (context) runInContext(context, next)
    else next()

    function open(request: AuditedRequest) {
      const route = () => expressRoute(request)
      const opened = openContext(core, request, res, { address: expressAddress(request, forwarded), route })
      recordDenial(opened, HOOK)
      recordEvery(opened, HOOK, every)
      return opened
    }
  }
}
