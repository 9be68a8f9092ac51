// Libraries of sign-in that this process has loaded and that nobody watches: what they decide leaves no record.
import Module from 'node:module'

export interface Unhooked {
  library: string
  /** Where the copy lies, from the outermost `node_modules` on. */
  at: string
  /** The line to add. */
  fix: string
}

interface Known {
  fix: string
  /** By one of these hooks; else by the object the library exports, copy by copy. */
  by?: readonly string[]
  /** Loaded by these for themselves alone: then it needs no hook of its own. */
  within?: string
}

const RECORD = (event: string) => `await audit.record({ event: '${event}', … }) where your code calls it`

/** All that can be hooked, and the best known of what cannot. */
const KNOWN: Readonly<Record<string, Known>> = {
  express: { fix: 'app.use(auditExpress(audit))', by: ['express', 'nestjs'] },
  koa: { fix: 'app.use(auditKoa(audit))', by: ['koa'] },
  '@nestjs/core': { fix: 'imports: [TrailproofModule.forRoot({ service, writer })]', by: ['nestjs'] },
  passport: { fix: 'auditPassport(audit, passport)', within: 'koa-passport' },
  'koa-passport': { fix: 'auditPassport(audit, passport)' },
  jsonwebtoken: { fix: 'auditJwt(audit, jsonwebtoken)' },
  'express-session': { fix: 'app.use(auditSession(audit, session)({ … }))' },
  'koa-session': { fix: 'app.use(auditKoaSession(audit, session)({ … }, app))' },
  'fast-jwt': { fix: RECORD('token.verified'), by: [] },
  'jwt-simple': { fix: RECORD('token.verified'), by: [] },
  jose: { fix: RECORD('token.verified'), by: [] },
  'cookie-session': { fix: RECORD('session.created'), by: [] },
  'iron-session': { fix: RECORD('session.created'), by: [] },
  '@fastify/session': { fix: RECORD('session.created'), by: [] },
  '@fastify/secure-session': { fix: RECORD('session.created'), by: [] },
  '@fastify/passport': { fix: RECORD('login.succeeded'), by: [] },
}

/** Names of the libraries that coverage knows, hookable or not, and the line to add for each. */
export const KNOWN_LIBRARIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(KNOWN).map(([name, { fix }]) => [name, fix]),
)

const MOST = 20
const SHARED = Symbol.for('trailproof.hooked')
const globals = globalThis as unknown as Record<symbol, WeakSet<object> | undefined>
globals[SHARED] ??= new WeakSet()
const hookedObjects = globals[SHARED]

/** An object of a library is watched from now on; the answer says that it is not any more. */
export function noteHooked(object: object): () => void {
  hookedObjects.add(object)
  return () => void hookedObjects.delete(object)
}

interface Loaded {
  exports?: unknown
}

/**
 * Looks at what `require` has loaded, and `import` of CommonJS; ES modules cannot be listed.
 *
 * @param hooks names of the hooks that are in place
 */
export function findUnhooked(hooks: ReadonlySet<string>, cache = moduleCache()): Unhooked[] {
  const copies = new Map<string, { library: string; watched: boolean }>()
  for (const file of Object.keys(cache)) {
    const [, at, library] =
      /^.*?[\\/](node_modules[\\/](?:.*[\\/]node_modules[\\/])?((?:@[^\\/]+[\\/])?[^\\/]+))[\\/]/.exec(file) ?? []
    const name = library?.replace('\\', '/')
    if (!at || !name || !Object.hasOwn(KNOWN, name)) continue
    const copy = copies.get(at) ?? { library: name, watched: false }
    copy.watched ||= isWatched((cache[file] as Loaded).exports)
    copies.set(at, copy)
  }
  const loaded = new Set([...copies.values()].map(({ library }) => library))
  const found: Unhooked[] = []
  for (const [at, { library, watched }] of copies) {
    const { by, fix, within } = KNOWN[library]!
    if (by ? by.some((hook) => hooks.has(hook)) : watched) continue
    if (within !== undefined && loaded.has(within)) continue
    if (found.length < MOST) found.push({ library, at: at.replaceAll('\\', '/'), fix })
  }
  return found
}

function isWatched(exports: unknown): boolean {
  const inner = isObject(exports) ? Object.getOwnPropertyDescriptor(exports, 'default')?.value : undefined
  return [exports, inner].some((one) => isObject(one) && hookedObjects.has(one))
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

const moduleCache = () => (Module as unknown as { _cache?: Record<string, Loaded> })._cache ?? {}
