// The pattern of the route as Express knows it, never the URL: URLs hold ids, names and, at worst, tokens.
import { quietly } from '../hook/wrap.js'
import type { AuditedRequest } from './context.js'
import { maskValues, mountPattern } from './express-mounts.js'

/**
 * `/shops/:shop/orders/:id`; `/shops/:shop/*` where no route has matched in a router; undefined before one is reached.
 * Mount points whose pattern cannot be found are kept, with what looks like a value masked.
 */
export function expressRoute(req: AuditedRequest): string | undefined {
  const base = typeof req.baseUrl === 'string' ? req.baseUrl : ''
  const path = pathOf(req.route?.path)
  if (path === undefined) return base ? `${quietly(() => mountPattern(req)) || maskValues(base)}/*` : undefined
  if (!base && isWhole(path, req)) return path
  const above = quietly(() => mountPattern(req)) ?? maskValues(base)
  return above + (path === '/' && above ? '' : path)
}

/** An error handler sees the route of a router that has been left: then `baseUrl` is empty, and the path is not all. */
function isWhole(path: string, req: AuditedRequest): boolean {
  if (/[{}()*+?|]/.test(path)) return false
  const url = typeof req.originalUrl === 'string' ? req.originalUrl.split('?', 1)[0]! : path
  return partsOf(url) === partsOf(path)
}

const partsOf = (path: string) => path.split('/').filter(Boolean).length

function pathOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path
  if (path instanceof RegExp) return path.source.slice(0, 128)
  // Of several paths nothing tells which one matched.
  return Array.isArray(path) && path.length ? path.map(pathOf).join('|').slice(0, 256) : undefined
}
