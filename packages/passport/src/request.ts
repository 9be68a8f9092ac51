// One request, whatever object a framework shows of it.

/**
 * The request that all calls of one request share. koa-passport gives passport a new request object with each call, which
 * leads to Koa's context, and that to the request of node:http.
 */
export function rawRequest(req: object): object {
  const { ctx } = req as { ctx?: object }
  return (ctx && requestOf(ctx)) ?? req
}

/** The request of node:http in a context of Koa. */
export function requestOf(ctx: object): object | undefined {
  const { req } = ctx as { req?: unknown }
  return typeof req === 'object' && req !== null ? req : undefined
}
