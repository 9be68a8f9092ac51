// Guards, seen where Nest asks them: `GuardsConsumer.tryActivate`, once for each guarded handler of every transport.
// A class of Nest's own, so its shape is tested first; where it has another one, HTTP denials are still told by their answer.
import type { ExternalContextCreator } from '@nestjs/core'
import {
  type AnyFunction,
  contextOf,
  hasOwnRecord,
  patch,
  quietly,
  type RequestContext,
  runInContext,
} from '@trailproof/core/adapter'
import { callOf } from './call.js'
import { type AuditedCall, FORBIDDEN, firstOf, reasonOf, recordAuditedRefusal, recordRefusal } from './denial.js'
import { HOOK } from './hook.js'
import { live, ownerOf } from './live.js'
import { messageContext } from './message.js'
import { markingOf } from './metadata.js'
import { isMessage, requestOf } from './transport.js'

/** The arguments of a handler, told apart by its transport. */
interface Visit {
  context: RequestContext
  /** `InvoiceResolver.invoice`. */
  handler: string
  type: string
  /** The context is of this message alone, and nobody else runs the handler in it. */
  own: boolean
  unaudited: boolean
  /** What `@Audited` says of the handler. */
  audited: AuditedCall | undefined
}

/** What could be watched; each stays as it was where Nest looks otherwise. */
export interface WatchedConsumers {
  guards: boolean
  messages: boolean
}

/** `ExternalContextCreator` is public; the consumers in it are the classes that all transports use. */
export function watchConsumers(creator: ExternalContextCreator): WatchedConsumers {
  const { guardsConsumer, interceptorsConsumer } = creator as unknown as Record<string, object | undefined>
  return {
    guards: put(guardsConsumer, 'tryActivate', 5, watchGuards),
    messages: put(interceptorsConsumer, 'intercept', 6, watchMessages),
  }
}

/** After the last audited application has gone, Nest's classes are what they were. */
export function unwatchConsumers(): void {
  if (live.apps.size > 0) return
  for (const undo of live.patched.values()) undo()
  live.patched.clear()
}

function put(
  consumer: object | undefined,
  name: string,
  parameters: number,
  wrap: (original: AnyFunction) => AnyFunction,
): boolean {
  const prototype = consumer && (Object.getPrototypeOf(consumer) as Record<string, unknown>)
  const method = prototype?.[name]
  if (!prototype || typeof method !== 'function' || method.length !== parameters) return false
  if (live.patched.has(prototype)) return true
  const undo = patch(prototype, name, wrap)
  if (undo) live.patched.set(prototype, undo)
  return undo !== undefined
}

function watchGuards(original: AnyFunction): AnyFunction {
  const watched = {
    tryActivate(this: unknown, ...args: unknown[]): unknown {
      const [guards, params, instance, callback, type] = args as [unknown[], unknown[], object, AnyFunction, string]
      const visit = guards?.length ? quietly(() => visitOf(params, instance, callback, type)) : undefined
      if (!visit) return original.apply(this, args)
      const run = () => original.apply(this, args)
      const answer = visit.own ? runInContext(visit.context, run) : run()
      // Before Nest hears the answer, so that the denial is known when the exception is handled.
      void Promise.resolve(answer).then(
        (allowed) => allowed || denied(visit, FORBIDDEN),
        (error) => denied(visit, reasonOf(error, visit.type !== 'http')),
      )
      return answer
    },
  }
  return watched.tryActivate
}

/** Handlers of messages run inside their context, with or without a guard or an interceptor of the application's. */
function watchMessages(original: AnyFunction): AnyFunction {
  const watched = {
    intercept(this: unknown, ...args: unknown[]): unknown {
      const [interceptors, params, instance, callback, next, type] = args as [
        unknown[],
        unknown[],
        object,
        AnyFunction,
        AnyFunction,
        string,
      ]
      if (type === 'http') return original.apply(this, args)
      const visit = quietly(() => visitOf(params, instance, callback, type))
      if (!visit?.own) return original.apply(this, args)
      const { context } = visit
      // With interceptors the handler is called later, when somebody subscribes.
      const inContext = (...given: unknown[]) => runInContext(context, () => next(...given))
      return runInContext(context, () => original.call(this, interceptors, params, instance, callback, inContext, type))
    },
  }
  return watched.intercept
}

function visitOf(args: unknown[], instance: object, callback: AnyFunction, type: string): Visit | undefined {
  const handler = `${instance.constructor.name}.${callback.name}`
  const marking = markingOf(callback, instance.constructor)
  const unaudited = marking !== undefined && 'unaudited' in marking
  const audited =
    marking && 'event' in marking ? { ...marking, call: callOf(args, instance, callback, type) } : undefined
  const known = isMessage(type) ? undefined : contextOf(requestOf(args, type))
  if (known) return { context: known, handler, type, own: false, unaudited, audited }
  const owner = type === 'http' ? undefined : ownerOf(instance)
  return (
    owner && { context: messageContext(owner.core, type, args, handler), handler, type, own: true, unaudited, audited }
  )
}

function denied({ context, handler, type, own, unaudited, audited }: Visit, reason: string | undefined): void {
  if (reason === undefined) return
  if (type === 'http') {
    if (unaudited) hasOwnRecord(context)
    else if (audited) recordAuditedRefusal(context, audited)
    else recordRefusal(context, reason)
  } else if (!unaudited && firstOf(context, handler))
    // One HTTP request may ask for many fields, so the handler is named; a message has it as its route.
    void context.core.observe({
      event: 'authz.denied',
      hook: HOOK,
      reason,
      data: own ? undefined : { handler },
      context,
    })
}
