// What `audited('invoice.exported')` is in every framework: one fact about a route, told by the status of its answer.
import { TrailproofError } from '../errors.js'
import { isEventName, RESERVED } from '../event/catalogue.js'
import type { EventName, Outcome, Target } from '../event/event.js'
import { quietly } from '../hook/wrap.js'
import { nearest } from '../near.js'
import type { RequestContext } from './context.js'
import { hasOwnRecord } from './denial.js'

const LEFT = 'client_left'
const OPTIONS = ['target', 'data']

/**
 * What the application wrote can name a fact.
 *
 * @param by how the application calls it: `audited`, `@Audited`
 * @throws TRAILPROOF_OPTION_INVALID the name is none, or one of the audit's own; or an option is unknown
 */
export function checkAudited(by: string, event: unknown, options: object): void {
  if (!isEventName(event) || event.startsWith(RESERVED))
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `${by}(): ${JSON.stringify(event)} cannot name an event`, {
      hint: 'a name such as "invoice.exported": lower case, dots, not below "audit."',
    })
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name))
      throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `unknown option "${name}" of ${by}()`, {
        hint: nearest(name, OPTIONS, 'options'),
      })
}

/**
 * Records the event when the response of this request begins. The outcome follows its status, see `outcomeOf`; `unknown`,
 * reason `client_left`, when the client went away before, since the route may have done its work all the same.
 */
export function recordAnswer(context: RequestContext, { event, hook, target, data }: AuditedAnswer): void {
  hasOwnRecord(context)
  context.gate.onBegin(() =>
    quietly(() => {
      const answered = context.res.headersSent
      const { status } = context.gate
      void context.core.observe({
        event,
        hook,
        status: answered ? status : undefined,
        outcome: answered ? outcomeOf(status) : 'unknown',
        reason: answered ? undefined : LEFT,
        target: quietly(() => target?.()),
        data: quietly(() => data?.()),
        context,
      })
    }),
  )
}

export interface AuditedAnswer {
  event: EventName
  hook: string
  /** Asked when the response begins; what they throw is left out of the record. */
  target?: () => Target | undefined
  data?: () => Record<string, unknown> | undefined
}

/** Below 400 success, 401 and 403 denied, other 4xx failure, 5xx error. */
export function outcomeOf(status: number): Outcome {
  if (status < 400) return 'success'
  if (status === 401 || status === 403) return 'denied'
  return status < 500 ? 'failure' : 'error'
}
