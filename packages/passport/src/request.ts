// One request, whatever object a framework shows of it.

/**
 * The request that all calls of one request share. koa-passport gives passport a new request object with each call, which
 * leads to Koa's context, and that to the request of node:http.
 *
 * @param seen a request, or a context of Koa
 */
export function rawRequest(seen: object): object {
  const { ctx, req } = seen as { ctx?: { req?: unknown } | null; req?: unknown }
  for (const raw of [ctx?.req, req]) if (typeof raw === 'object' && raw !== null) return raw
  return seen
}
