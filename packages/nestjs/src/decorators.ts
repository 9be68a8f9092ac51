// `@Audited` and `@NoAudit`: one says which fact a handler is, the other why it is none.
import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common'
import { type EventName, TrailproofError } from '@trailproof/core'
import { checkAudited } from '@trailproof/core/adapter'
import { AuditedInterceptor } from './interceptor.js'
import { type AuditedOptions, MARKING, type Marking } from './metadata.js'

/**
 * Records one fact each time the handler, or any handler of the class, is asked for over HTTP, and each time its guards let
 * it be called elsewhere. A guard that refuses over HTTP makes it `denied`.
 *
 * Over HTTP the outcome follows the status that is answered: below 400 success, 401 and 403 denied, other 4xx failure, 5xx
 * error; `unknown`, reason `client_left`, when the client went away before. Over GraphQL, WebSocket and microservices it
 * follows the exception: its status where it has one, else failure for one of the application's own, else error.
 *
 * @throws TRAILPROOF_OPTION_INVALID the name is none, or one of the audit's own
 */
export function Audited(event: EventName, options: AuditedOptions = {}): MethodDecorator & ClassDecorator {
  checkAudited('@Audited', event, options)
  return marked({ event, options })
}

/**
 * Says that a handler leaves no record of its own: neither `authz.denied` nor what `@Audited` on its class names. Sign-ins,
 * sessions and tokens are recorded all the same. `audit.coverage()` lists it with its reason.
 *
 * @throws TRAILPROOF_OPTION_INVALID there is no reason
 */
export function NoAudit(reason: string): MethodDecorator & ClassDecorator {
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', '@NoAudit() needs a reason', {
      hint: "@NoAudit('liveness probe, asked every second')",
    })
  return marked({ unaudited: reason })
}

function marked(marking: Marking): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(MARKING, marking), UseInterceptors(AuditedInterceptor))
}
