// A context for what is no HTTP request: a message over a WebSocket or a microservice transport. There is no response to
// hold and no cookie to set; address and headers are those of the connection, where the transport shows them.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import {
  type AuditCore,
  type AuditedRequest,
  clientAddress,
  openContext,
  type RequestContext,
} from '@trailproof/core/adapter'

/** What clients look like: socket.io has `request`, ws a `_socket`, graphql-ws an `extra`. All optional, all read with care. */
interface Connection {
  request?: { headers?: IncomingHttpHeaders; socket?: unknown }
  extra?: { request?: Connection['request'] }
  req?: Connection['request']
  _socket?: unknown
  user?: unknown
}

/** Of one message, by the arguments that guards, interceptors and handler share. */
const contexts = new WeakMap<object, RequestContext>()

export function messageContext(
  core: AuditCore,
  type: string,
  args: readonly unknown[],
  handler: string,
): RequestContext {
  const known = contexts.get(args)
  if (known) return known
  const [connection, body] = partsOf(type, args)
  const request = connection?.request ?? connection?.extra?.request ?? connection?.req
  const req = {
    method: type.toUpperCase(),
    headers: request?.headers ?? {},
    socket: request?.socket ?? connection?._socket ?? {},
    body,
    get user() {
      return connection?.user // where Nest's passport guards put it
    },
  } as unknown as AuditedRequest
  const context = openContext(withoutGate(core), req, GONE, {
    address: clientAddress(req, undefined),
    route: () => handler,
  })
  contexts.set(args, context)
  return context
}

/** Who speaks, and what is said. */
function partsOf(type: string, args: readonly unknown[]): [Connection | undefined, unknown] {
  if (type === 'ws') return [args[0] as Connection, args[1]]
  if (type === 'graphql') return [args[2] as Connection, args[1]]
  return [undefined, args[0]]
}

/** A response that is over already: nothing is held for it, nothing added to it. */
const GONE = {
  headersSent: true,
  writableFinished: true,
  destroyed: true,
  socket: null,
  statusCode: 0,
} as ServerResponse

/** `health().gate` speaks of HTTP. */
function withoutGate(core: AuditCore): AuditCore {
  return { ...core, requestFacts: { ...core.requestFacts, opened() {} } }
}
