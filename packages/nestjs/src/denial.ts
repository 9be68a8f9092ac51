// What a guard said. A refusal is a fact of its own, told by the guard itself: HTTP may answer 200 to it (GraphQL, a
// filter that redirects) or not at all (WebSocket).
import type { ExecutionContext } from '@nestjs/common'
import type { EventName } from '@trailproof/core'
import { denialIsTold, hasOwnRecord, quietly, type RequestContext } from '@trailproof/core/adapter'
import { HOOK } from './hook.js'
import type { AuditedOptions } from './metadata.js'

/** Why access was denied, or undefined when the guard only failed: 429, 500 and the like deny nobody access. */
export function reasonOf(error: unknown, isMessage: boolean): string | undefined {
  const status = quietly(() => (error as { getStatus?(): unknown } | undefined)?.getStatus?.())
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status !== undefined || !isMessage) return undefined
  // WsException and RpcException have no status, only words of the application's.
  return typeof (error as { getError?: unknown } | undefined)?.getError === 'function' ? 'rejected' : undefined
}

export const FORBIDDEN = 'forbidden'

/**
 * A guard has refused this HTTP request. Told at the response like any other denial, and with whatever status an
 * exception filter has made of it.
 */
export function recordRefusal(context: RequestContext, reason: string): void {
  context.gate.onBegin(() =>
    quietly(() => {
      const { status } = context.gate
      if (!context.res.headersSent || denialIsTold(context)) return
      void context.core.observe({ event: 'authz.denied', hook: HOOK, reason, status, context })
    }),
  )
}

/** A handler that `@Audited` names, and a call of it. */
export interface AuditedCall {
  event: EventName
  options: AuditedOptions
  call: ExecutionContext
}

/** The same for a handler that is a fact of its own: it is told as that fact, denied, whatever status a filter makes of it. */
export function recordAuditedRefusal(context: RequestContext, { event, options, call }: AuditedCall): void {
  hasOwnRecord(context)
  const request: unknown = call.getArgs()[0]
  context.gate.onBegin(() =>
    quietly(() => {
      if (!context.res.headersSent) return
      void context.core.observe({
        event,
        hook: HOOK,
        outcome: 'denied',
        status: context.gate.status,
        target: quietly(() => options.target?.(request, call)),
        data: quietly(() => options.data?.(request, call)),
        context,
      })
    }),
  )
}

const told = new WeakMap<RequestContext, Set<string>>()

/** The first time a handler is denied within one request: a guarded field of a list is asked for row by row. */
export function firstOf(context: RequestContext, handler: string): boolean {
  const handlers = told.get(context) ?? new Set()
  told.set(context, handlers)
  if (handlers.has(handler)) return false
  handlers.add(handler)
  return true
}
