// `every: { '/admin/**': 'admin.action' }`: below these paths each request leaves a record, whatever the route behind it is,
// and also where there is none.
import { TrailproofError } from '../errors.js'
import { isEventName, RESERVED } from '../event/catalogue.js'
import type { EventName } from '../event/event.js'
import { quietly } from '../hook/wrap.js'
import { outcomeOf } from './audited.js'
import type { RequestContext } from './context.js'
import { isAudited } from './denial.js'

/** Path to event: `/admin/**` is `/admin` and all below it, `/admin/*` one part below it, anything else that path alone. */
export type EveryRequest = Readonly<Record<string, EventName>>

export type EveryRules = readonly { matches: RegExp; event: EventName }[]

const watched = new WeakSet<RequestContext>()

/**
 * @param where names the caller in the error
 * @throws TRAILPROOF_OPTION_INVALID naming the path or the event that is wrong
 */
export function checkEvery(every: EveryRequest | undefined, where: string): EveryRules {
  if (every === undefined) return []
  if (typeof every !== 'object' || every === null || Array.isArray(every))
    throw invalid(`option "every" of ${where} must be an object`)
  return Object.entries(every).map(([path, event]) => {
    if (!/^\/[^*?#]*(?:(?<=\/)\*\*?)?$/.test(path))
      throw invalid(`option "every" of ${where}: "${path}" is no path; "*" and "**" may stand at the end only`)
    if (!isEventName(event) || event.startsWith(RESERVED))
      throw invalid(`option "every" of ${where}: ${JSON.stringify(event)} cannot name an event`)
    return { matches: matcherOf(path), event }
  })
}

/**
 * Records one request when its answer begins, once, unless a record tells it already: a denial, a failed sign-in, or one
 * that its route makes. Call it after `recordDenial`.
 */
export function recordEvery(context: RequestContext, hook: string, rules: EveryRules): void {
  if (rules.length === 0 || watched.has(context)) return
  watched.add(context)
  context.gate.onBegin(() =>
    quietly(() => {
      const event = eventFor(context, rules)
      if (event === undefined || isAudited(context)) return
      const answered = context.res.headersSent
      const { status } = context.gate
      if (answered && (status === 401 || status === 403)) return // told as a denial, or by what denied it
      void context.core.observe({
        event,
        hook,
        status: answered ? status : undefined,
        outcome: answered ? outcomeOf(status) : 'unknown',
        reason: answered ? undefined : 'client_left',
        context,
      })
    }),
  )
}

/** The URL as it came, as it reads, and the route that served it: a rewritten or an oddly written URL is not missed. */
function eventFor({ req, route }: RequestContext, rules: EveryRules): EventName | undefined {
  const url = typeof req.originalUrl === 'string' ? req.originalUrl : (req.url ?? '')
  const raw = url.replace(/^https?:\/\/[^/]*/i, '').split(/[?#]/, 1)[0]!
  const paths = [raw, quietly(() => decodeURIComponent(raw)), quietly(route)].flatMap((path) =>
    path ? [path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')] : [],
  )
  return rules.find(({ matches }) => paths.some((path) => matches.test(path)))?.event
}

/** Routers take upper case for lower by default, so do we: one record too many is better than one too few. */
function matcherOf(path: string): RegExp {
  const fixed = path
    .replace(/\/\*\*?$/, '')
    .replace(/(?<=.)\/$/, '')
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  if (path.endsWith('/**')) return new RegExp(`^${fixed}(?:/|$)`, 'i')
  return new RegExp(path.endsWith('/*') ? `^${fixed}/[^/]+$` : `^${fixed}$`, 'i')
}

function invalid(message: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, { hint: "every: { '/admin/**': 'admin.action' }" })
}
