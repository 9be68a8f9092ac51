// The pattern of the route, never the URL: URLs hold ids, names and, at worst, tokens.

/** What koa-router and @koa/router, and koa-mount, leave on the context. */
interface Routed {
  _matchedRoute?: unknown
  mountPath?: unknown
}

/** `/admin/users/:id`; undefined before a route has matched. */
export function routePattern(ctx: object): string | undefined {
  const { _matchedRoute: route, mountPath } = ctx as Routed
  const pattern = typeof route === 'string' ? route : route instanceof RegExp ? route.source : undefined
  if (pattern === undefined) return undefined
  // Of what koa-mount has cut off, the router knows nothing.
  return `${typeof mountPath === 'string' && mountPath !== '/' ? mountPath : ''}${pattern}`.slice(0, 256)
}
