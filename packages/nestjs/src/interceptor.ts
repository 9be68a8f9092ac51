// What `@Audited` and `@NoAudit` do when their handler is called. Nest runs it after the guards: who was not let in has
// done nothing that could be recorded under the handler's name.
import { type CallHandler, type ExecutionContext, Inject, type NestInterceptor, Optional } from '@nestjs/common'
import type { Audit, EventName, Outcome } from '@trailproof/core'
import {
  contextOf,
  coreOf,
  hasOwnRecord,
  outcomeOf,
  quietly,
  type RequestContext,
  recordAnswer,
} from '@trailproof/core/adapter'
import { type Observable, tap } from 'rxjs'
import { HOOK } from './hook.js'
import { messageContext } from './message.js'
import { type AuditedOptions, markingOf } from './metadata.js'
import { AUDIT } from './tokens.js'
import { isMessage, requestOf } from './transport.js'

let warned = false

/** Handlers whose class and method are both marked have this interceptor twice. */
const seen = new WeakSet<object>()

export class AuditedInterceptor implements NestInterceptor {
  constructor(private readonly audit: Audit | undefined) {}

  intercept(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    const observe = quietly(() => this.#begin(call))
    return observe ? next.handle().pipe(tap(observe)) : next.handle()
  }

  /** @returns what is to be told of the handler's end, where no HTTP answer tells it */
  #begin(call: ExecutionContext): Ending | undefined {
    const args = call.getArgs()
    const marking = markingOf(call.getHandler(), call.getClass())
    if (!marking || seen.has(args)) return undefined
    seen.add(args)
    const context = this.#contextOf(call)
    if (!context) {
      if (!this.audit && 'event' in marking) warn(marking.event)
      return undefined
    }
    const isHttp = call.getType() === 'http'
    if ('unaudited' in marking) {
      if (isHttp) hasOwnRecord(context)
      return undefined
    }
    const { event, options } = marking
    if (!isHttp) return ending(event, options, call, context)
    const request = args[0] as object
    recordAnswer(context, {
      event,
      hook: HOOK,
      target: () => options.target?.(request, call),
      data: () => options.data?.(request, call),
    })
    return undefined
  }

  #contextOf(call: ExecutionContext): RequestContext | undefined {
    const [type, args] = [call.getType<string>(), call.getArgs()]
    const known = isMessage(type) ? undefined : contextOf(requestOf(args, type))
    if (known || type === 'http' || !this.audit) return known
    return messageContext(coreOf(this.audit), type, args, `${call.getClass().name}.${call.getHandler().name}`)
  }
}

Inject(AUDIT)(AuditedInterceptor, undefined, 0)
Optional()(AuditedInterceptor, undefined, 0)

interface Ending {
  complete(): void
  error(error: unknown): void
  unsubscribe(): void
}

/** Where many handlers share one answer, or there is none, the handler's own end tells how it went. */
function ending(
  event: EventName,
  { target, data }: AuditedOptions,
  call: ExecutionContext,
  context: RequestContext,
): Ending {
  const input = inputOf(call)
  const tell = (outcome: Outcome, reason?: string) =>
    void context.core.observe({
      event,
      hook: HOOK,
      outcome,
      reason,
      target: quietly(() => target?.(input, call)),
      data: quietly(() => data?.(input, call)),
      context,
    })
  return {
    complete: () => tell('success'),
    error: (error) => tell(outcomeOfError(error)),
    unsubscribe: () => tell('unknown', 'client_left'),
  }
}

function inputOf(call: ExecutionContext): unknown {
  const args = call.getArgs()
  return args[call.getType<string>() === 'rpc' ? 0 : 1] // WebSocket: (client, data); GraphQL: (root, args); rpc: (data)
}

function outcomeOfError(error: unknown): Outcome {
  const { getStatus, getError } = (error ?? {}) as { getStatus?: () => unknown; getError?: unknown }
  const status = quietly(() => getStatus?.call(error))
  if (typeof status === 'number') return outcomeOf(status)
  return typeof getError === 'function' ? 'failure' : 'error' // WsException and RpcException are the application's own
}

function warn(event: string): void {
  if (warned) return
  warned = true
  process.emitWarning(`@Audited('${event}') records nothing: import TrailproofModule.forRoot() in the root module`, {
    code: 'TRAILPROOF_HOOK_UNSUPPORTED',
  })
}
