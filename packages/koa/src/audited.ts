// `audited('invoice.exported', { target })`: records one fact about a route when its response begins.
import type { EventName, Target } from '@trailproof/core'
import { checkAudited, contextOf, quietly, recordAnswer } from '@trailproof/core/adapter'
import { HOOK, type KoaContext, type KoaMiddleware } from './koa.js'

// biome-ignore lint/suspicious/noExplicitAny: a context has whatever the application's middleware put on it
type Context = KoaContext & Record<string, any>

export interface AuditedOptions {
  /** What was acted on. */
  target?: (ctx: Context) => Target | undefined
  /** A small map for the record. */
  data?: (ctx: Context) => Record<string, unknown> | undefined
}

let warned = false

/**
 * Middleware for one route. The outcome follows the status that the application answers with: below 400 success,
 * 401 and 403 denied, other 4xx failure, 5xx error; `unknown`, reason `client_left`, when the client went away before the
 * answer began, since the route may have done its work all the same. Needs `auditKoa` before it.
 *
 * @throws TRAILPROOF_OPTION_INVALID the name is none, or one of the audit's own
 */
export function audited(event: EventName, options: AuditedOptions = {}): KoaMiddleware {
  checkAudited('audited', event, options)
  return function auditedRoute(ctx, next) {
    const context = contextOf(ctx.req)
    let asked: { target: Target | undefined; data: Record<string, unknown> | undefined } | undefined
    const ask = () => {
      asked ??= {
        target: quietly(() => options.target?.(ctx as Context)),
        data: quietly(() => options.data?.(ctx as Context)),
      }
      return asked
    }
    if (context)
      quietly(() => recordAnswer(context, { event, hook: HOOK, target: () => ask().target, data: () => ask().data }))
    else if (!warned) {
      warned = true
      process.emitWarning(`audited('${event}') records nothing: use auditKoa(audit) before it`, {
        code: 'TRAILPROOF_HOOK_UNSUPPORTED',
      })
    }
    const downstream = next()
    // Asked when the route is done: a router takes its parameters off the context again before Koa answers.
    if (context) downstream.then(ask, ask)
    return downstream
  }
}
