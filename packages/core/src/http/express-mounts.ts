// Under which pattern a route was reached. Express keeps the values of mount points in `baseUrl`, and no pattern; so the
// tree of routers is walked along the URL, down to the route that was matched: the very object, so that it is certain.
import type { AuditedRequest } from './context.js'

/** What of Express' layers is needed; 4 has `regexp` and `keys`, 5 has `matchers` and, lately, `rawPath`. */
interface Layer {
  route?: object
  handle?: { stack?: Layer[] }
  name?: string
  regexp?: RegExp & { fast_slash?: boolean }
  keys?: readonly { name: string | number }[]
  slash?: boolean
  rawPath?: unknown
  matchers?: readonly ((path: string) => false | { path: string })[]
}

interface App {
  parent?: App
  _router?: { stack?: Layer[] }
  router?: { stack?: Layer[] }
}

/** `at` the mount point's own pattern, `rest` of the path below it. */
interface Step {
  at: string
  rest: string
}

const MOST_ROUTERS = 2000

/** @returns the pattern of all mount points above the route, or above the router that is being served where none matched */
export function mountPattern(req: AuditedRequest): string | undefined {
  const path = pathOf(req)
  const apps = appsOf((req as { app?: App }).app)
  const [top] = apps
  if (path === undefined || !top) return undefined
  const base = typeof req.baseUrl === 'string' ? req.baseUrl : ''
  const route: object | undefined = req.route
  let left = MOST_ROUTERS

  function walk(stack: readonly Layer[] | undefined, rest: string, depth: number): string | undefined {
    if (!Array.isArray(stack) || --left < 0) return undefined
    if (!route && sameBase(base, path!, rest)) return ''
    for (const layer of stack as Layer[]) {
      if (route && layer.route === route && stepInto(layer, rest)) return ''
      const inner = layer.name === 'mounted_app' ? stackOf(apps[depth + 1]) : layer.handle?.stack
      if (layer.route || !inner) continue
      const step = stepInto(layer, rest)
      const below = step && walk(inner, step.rest, layer.name === 'mounted_app' ? depth + 1 : depth)
      if (step && below !== undefined) return step.at + below
    }
    return undefined
  }
  return walk(stackOf(top), path, 0)
}

function stepInto(layer: Layer, path: string): Step | undefined {
  if (layer.slash || layer.regexp?.fast_slash) return { at: '', rest: path }
  if (layer.regexp) return stepByRegExp(layer.regexp, layer.keys ?? [], path)
  for (const [i, matcher] of (layer.matchers ?? []).entries()) {
    const match = matcher(path)
    if (!match) continue
    const raw = [layer.rawPath].flat(Number.POSITIVE_INFINITY)[i]
    const at = typeof raw === 'string' ? raw : maskValues(match.path)
    return { at: at.replace(/\/+$/, ''), rest: below(path, match.path) }
  }
  return undefined
}

const indexed = new WeakMap<RegExp, RegExp>()

/** Express 4 keeps what the pattern was compiled to: each group stands where its parameter's name was. */
function stepByRegExp(regexp: RegExp, keys: NonNullable<Layer['keys']>, path: string): Step | undefined {
  const known = indexed.get(regexp) ?? new RegExp(regexp.source, `${regexp.flags}d`)
  indexed.set(regexp, known)
  const match = known.exec(path)
  if (match?.index !== 0) return undefined
  let at = ''
  let from = 0
  for (const [i, { name }] of keys.entries()) {
    const [start, end] = match.indices?.[i + 1] ?? [-1, -1]
    if (start < from) continue
    at += `${match[0].slice(from, start)}:${name}`
    from = end
  }
  return { at: (at + match[0].slice(from)).replace(/\/+$/, ''), rest: below(path, match[0]) }
}

function below(path: string, taken: string): string {
  const rest = path.slice(taken.endsWith('/') ? taken.length - 1 : taken.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Has the walk come as far down as the router that is being served? */
const sameBase = (base: string, path: string, rest: string) =>
  path.length - (rest === '/' ? 0 : rest.length) === base.length

/** `/a/b` of `/a/b?c`; undefined where the URL is no path. */
function pathOf({ originalUrl, url }: AuditedRequest): string | undefined {
  const whole = typeof originalUrl === 'string' ? originalUrl : (url ?? '')
  return whole.startsWith('/') ? whole.split('?', 1)[0] : undefined
}

/** From the application at the top down to the one that serves. */
function appsOf(app: App | undefined): App[] {
  const apps: App[] = []
  for (let one = app; one && apps.length < 20; one = one.parent) apps.unshift(one)
  return apps
}

/** `app.router` of Express 4 is a getter that throws. */
const stackOf = (app: App | undefined) => (app?._router ?? app?.router)?.stack

/** Where there is no pattern to be had: what looks like a value is hidden. */
export function maskValues(path: string): string {
  return path
    .split('/')
    .map((part) => (/\d|^.{25,}$|[@%=.:]/.test(part) && !/^v\d+$/.test(part) ? ':value' : part))
    .join('/')
}
