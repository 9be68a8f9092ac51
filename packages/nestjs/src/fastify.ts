// The context of a request on platform-fastify. Fastify keeps body, user, id and route on a request of its own, around
// the one of node:http; its hooks run before Nest's middleware, and know both.
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AuditCore,
  type AuditedRequest,
  clientAddress,
  contextOf,
  type EveryRules,
  openContext,
  quietly,
  recordDenial,
  recordEvery,
  runInContext,
} from '@trailproof/core/adapter'
import { HOOK } from './hook.js'

interface FastifyRequest {
  raw: IncomingMessage
  id?: unknown
  ip?: unknown
  protocol?: unknown
  body?: unknown
  query?: unknown
  user?: unknown
  session?: unknown
  routeOptions?: { url?: string }
  /** Fastify before 4.10 */
  routerPath?: string
}

type Hook = (request: FastifyRequest, reply: { raw: ServerResponse }, done: () => void) => void

export interface FastifyInstance {
  addHook(name: 'onRequest' | 'preValidation', hook: Hook): unknown
}

export function fastifyContext(
  core: AuditCore,
  fastify: FastifyInstance,
  attached: () => boolean,
  every: EveryRules,
): void {
  fastify.addHook('onRequest', function auditNestContext(request, reply, done) {
    const context = attached() ? quietly(() => open(core, request, reply.raw, every)) : undefined
    return context ? runInContext(context, done) : done()
  })
  // The body arrives with events of the socket, and what follows would run in their async context.
  fastify.addHook('preValidation', function auditNestContextAgain(request, _reply, done) {
    const context = contextOf(request)
    return context ? runInContext(context, done) : done()
  })
}

function open(core: AuditCore, request: FastifyRequest, res: ServerResponse, every: EveryRules) {
  const { raw } = request
  const context = openContext(core, raw, res, {
    address: clientAddress(raw, request.ip),
    // Where there is the one, to look at the other is deprecated, and says so.
    route: () => (request.routeOptions ? request.routeOptions.url : request.routerPath),
    view: viewOf(request),
    wrapper: request,
  })
  recordDenial(context, HOOK)
  recordEvery(context, HOOK, every)
  return context
}

/** The raw request with what Fastify knows of it; the raw one stays as it is. */
function viewOf(request: FastifyRequest): AuditedRequest {
  const { raw } = request
  const own = (name: 'body' | 'query' | 'user' | 'session') => ({
    get: () => request[name] ?? (raw as unknown as Record<string, unknown>)[name],
  })
  return Object.create(raw, {
    id: { get: () => givenId(request.id) },
    secure: { get: () => request.protocol === 'https' },
    body: own('body'),
    query: own('query'),
    user: own('user'),
    session: own('session'),
  }) as AuditedRequest
}

/** Fastify counts requests from 1 in every process, unless the application names them: `req-1` tells nothing. */
function givenId(id: unknown): unknown {
  return typeof id === 'string' && /^req-[\da-z]{1,8}$/.test(id) ? undefined : id
}
