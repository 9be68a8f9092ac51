// The context of one request: who, from where, with which device, and the records it has caused so far.
// It lives in AsyncLocalStorage, and a WeakMap from the raw request finds it where async context was lost.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditCore } from '../adapter.js'
import type { Identity } from '../event/event.js'
import type { ClientAddress } from './address.js'
import { knownAgentWords } from './agent.js'
import type { Device } from './device.js'
import { Gate } from './gate.js'
import { boundedHeader, isStrictId, parseTraceparent, type TraceContext } from './headers.js'
import { clientHints } from './hints.js'
import { RequestSecrets } from './secrets.js'

/** What adapters add to the raw request of node:http; all optional, all read with care. */
export interface AuditedRequest extends IncomingMessage {
  id?: unknown
  ip?: unknown
  secure?: unknown
  body?: unknown
  query?: unknown
  user?: unknown
  baseUrl?: unknown
  originalUrl?: unknown
  route?: { path?: unknown } | undefined
  session?: unknown
  sessionID?: unknown
}

export interface RequestContext {
  /** The audit that opened this context. */
  readonly core: AuditCore
  readonly req: AuditedRequest
  readonly res: ServerResponse
  /** The framework's own answer to "who is the client", taken when the request arrived. */
  readonly address: ClientAddress
  /** As the client says; only well-known words of it as long as the request has a body that was not read. */
  readonly userAgent: string | undefined
  /** What low-entropy client hints say, JSON of names from closed lists; undefined where none were sent. */
  readonly hints: string | undefined
  readonly requestId: string
  /** We made the request id: nothing that the client or the framework said is in it. */
  readonly requestIdIsOurs: boolean
  readonly trace: TraceContext | undefined
  /** The browser or app that asks; settled when the first record needs it. */
  device: Device | undefined
  /** Whom this request acts for, as soon as a library has said so. */
  actor: Identity | undefined
  /** Names of events recorded in this request, bounded; tells a denial that is already told from one that is not. */
  readonly events: Set<string>
  /** Values that must not reach the log: this request's passwords, cookies, tokens, session ids. */
  readonly secrets: RequestSecrets
  /** Holds the response while records of this request are not safe. */
  readonly gate: Gate
  /** Undone when policy refuses the response, newest first: session destroyed, … */
  readonly onRefuse: Array<() => void | Promise<void>>
  /** Pattern of the route, as the framework knows it now. */
  route(): string | undefined
}

export interface ContextFacts {
  address: ClientAddress
  route(): string | undefined
  /** Read in place of the raw request, where a framework keeps body, user or id on an object of its own. */
  view?: AuditedRequest
  /** The framework's own request: it leads to the context as well. */
  wrapper?: object
}

interface Shared {
  scope: AsyncLocalStorage<RequestContext>
  byRequest: WeakMap<object, RequestContext>
}

const SHARED = Symbol.for('trailproof.context')
const globals = globalThis as unknown as Record<symbol, Shared | undefined>
globals[SHARED] ??= { scope: new AsyncLocalStorage(), byRequest: new WeakMap() }
const shared = globals[SHARED]

/** Opens the context of a request, once: mounting an adapter twice returns the same one. */
export function openContext(
  core: AuditCore,
  req: AuditedRequest,
  res: ServerResponse,
  facts: ContextFacts,
): RequestContext {
  const known = shared.byRequest.get(req)
  if (known) return known
  const seen = facts.view ?? req
  const agent = boundedHeader(req.headers['user-agent'], 512)
  const secrets = new RequestSecrets(seen)
  const givenId = requestIdOf(seen)
  const context: RequestContext = {
    core,
    req: seen,
    res,
    address: facts.address,
    get userAgent() {
      return agent !== undefined && secrets.bodyUnread() ? knownAgentWords(agent) : agent
    },
    hints: clientHints(req.headers),
    requestId: givenId ?? core.requestFacts.newRequestId(),
    requestIdIsOurs: givenId === undefined,
    trace: parseTraceparent(req.headers.traceparent),
    device: undefined,
    actor: undefined,
    events: new Set(),
    secrets,
    gate: new Gate(res, core.requestFacts.gateBytes),
    onRefuse: [],
    route: facts.route,
  }
  shared.byRequest.set(req, context)
  if (facts.wrapper) shared.byRequest.set(facts.wrapper, context)
  core.requestFacts.opened(context)
  return context
}

/**
 * What the application calls this request (`req.id`), else a header that is certainly an id. What a client may have written
 * there otherwise is its own words: it could be its password, and the guard does not know that one before the body is read.
 */
function requestIdOf(req: AuditedRequest): string | undefined {
  const header = boundedHeader(req.headers['x-request-id'], 128)
  const own = typeof req.id === 'string' || typeof req.id === 'number' ? String(req.id).slice(0, 128) : ''
  if (own !== '' && own !== header) return own
  return header !== undefined && isStrictId(header) ? header : undefined
}

export function runInContext<T>(context: RequestContext, run: () => T): T {
  return shared.scope.run(context, run)
}

/** The request being served right now, or undefined outside of one. */
export function currentContext(): RequestContext | undefined {
  return shared.scope.getStore()
}

/** The context of a raw request, also where async context was lost (pools, queues). */
export function contextOf(req: object | undefined): RequestContext | undefined {
  return (req && shared.byRequest.get(req)) ?? currentContext()
}
