// The pattern of the route as Express knows it, never the URL: URLs hold ids, names and, at worst, tokens.
import type { AuditedRequest } from './context.js'

/** `/admin/users/:id`; undefined before a route has matched. Mount points are kept, with what looks like a value masked. */
export function expressRoute(req: AuditedRequest): string | undefined {
  const base = typeof req.baseUrl === 'string' ? maskValues(req.baseUrl) : ''
  const path = pathOf(req.route?.path)
  if (path !== undefined) return base + (path === '/' && base ? '' : path)
  return base ? `${base}/*` : undefined
}

function pathOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path
  if (path instanceof RegExp) return path.source.slice(0, 128)
  // Of several paths nothing tells which one matched.
  return Array.isArray(path) && path.length ? path.map(pathOf).join('|').slice(0, 256) : undefined
}

/** A router mounted below a parameter shows the parameter's value in `baseUrl`; Express keeps no pattern of it. */
function maskValues(base: string): string {
  return base
    .split('/')
    .map((part) => (/\d|^.{25,}$|[@%=.:]/.test(part) && !/^v\d+$/.test(part) ? ':value' : part))
    .join('/')
}
