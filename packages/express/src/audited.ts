// `audited('invoice.exported', { target })`: records one fact about a route when its response begins.
import type { IncomingMessage } from 'node:http'
import type { EventName, Target } from '@trailproof/core'
import { checkAudited, contextOf, quietly, recordAnswer } from '@trailproof/core/adapter'
import type { Middleware } from './express.js'

// biome-ignore lint/suspicious/noExplicitAny: a request has whatever the application's middleware put on it
type Request = IncomingMessage & Record<string, any>

export interface AuditedOptions {
  /** What was acted on. */
  target?: (req: Request) => Target | undefined
  /** A small map for the record. */
  data?: (req: Request) => Record<string, unknown> | undefined
}

let warned = false

/**
 * Middleware for one route. The outcome follows the status that the application answers with: below 400 success,
 * 401 and 403 denied, other 4xx failure, 5xx error; `unknown`, reason `client_left`, when the client went away before the
 * answer began, since the route may have done its work all the same. Needs `auditExpress` before it.
 *
 * @throws TRAILPROOF_OPTION_INVALID the name is none, or one of the audit's own
 */
export function audited(event: EventName, options: AuditedOptions = {}): Middleware {
  checkAudited('audited', event, options)
  return function auditedRoute(req, _res, next) {
    const context = contextOf(req)
    if (context)
      quietly(() =>
        recordAnswer(context, {
          event,
          hook: 'express',
          target: () => options.target?.(req as Request),
          data: () => options.data?.(req as Request),
        }),
      )
    else if (!warned) {
      warned = true
      process.emitWarning(`audited('${event}') records nothing: mount auditExpress(audit) before it`, {
        code: 'TRAILPROOF_HOOK_UNSUPPORTED',
      })
    }
    next()
  }
}
