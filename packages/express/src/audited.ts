// `audited('invoice.exported', { target })`: records one fact about a route when its response begins.
import type { IncomingMessage } from 'node:http'
import { type EventName, type Target, TrailproofError } from '@trailproof/core'
import { contextOf, isEventName, nearest, outcomeOf, quietly, RESERVED } from '@trailproof/core/adapter'
import { recordsItself } from './denial.js'
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

const LEFT = 'client_left'

/**
 * Middleware for one route. The outcome follows the status that the application answers with: below 400 success,
 * 401 and 403 denied, other 4xx failure, 5xx error; `unknown`, reason `client_left`, when the client went away before the
 * answer began, since the route may have done its work all the same. Needs `auditExpress` before it.
 *
 * @throws TRAILPROOF_OPTION_INVALID the name is none, or one of the audit's own
 */
export function audited(event: EventName, options: AuditedOptions = {}): Middleware {
  if (!isEventName(event) || event.startsWith(RESERVED))
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `audited(): ${JSON.stringify(event)} cannot name an event`, {
      hint: 'a name such as "invoice.exported": lower case, dots, not below "audit."',
    })
  for (const name of Object.keys(options))
    if (name !== 'target' && name !== 'data')
      throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `unknown option "${name}" of audited()`, {
        hint: nearest(name, ['target', 'data'], 'options'),
      })
  return function auditedRoute(req, res, next) {
    const context = contextOf(req)
    if (context) quietly(() => watch(context))
    else if (!warned) {
      warned = true
      process.emitWarning(`audited('${event}') records nothing: mount auditExpress(audit) before it`, {
        code: 'TRAILPROOF_HOOK_UNSUPPORTED',
      })
    }
    next()

    function watch(known: NonNullable<typeof context>): void {
      recordsItself(known)
      known.gate.onBegin(() =>
        quietly(() => {
          const answered = res.headersSent
          const { status } = known.gate
          void known.core.observe({
            event,
            hook: 'express',
            status: answered ? status : undefined,
            outcome: answered ? outcomeOf(status) : 'unknown',
            reason: answered ? undefined : LEFT,
            target: quietly(() => options.target?.(req as Request)),
            data: quietly(() => options.data?.(req as Request)),
            context: known,
          })
        }),
      )
    }
  }
}
