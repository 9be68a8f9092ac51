// The module of this package in every application that `NestFactory` makes, without a line in any of them: for whoever has
// Nest in hand before applications are made, as `@trailproof/auto` has.
import 'reflect-metadata'
import type { Audit } from '@trailproof/core'
import { type AnyFunction, type Handle, patch, quietly, unsupported } from '@trailproof/core/adapter'
import { TrailproofModule } from './module.js'

/** What of Nest is needed: the object that `import { NestFactory } from '@nestjs/core'` gives. */
export interface NestFactoryLike {
  create: (...args: never[]) => Promise<unknown>
  createMicroservice: (...args: never[]) => Promise<unknown>
}

const IMPORTS = 'imports'

/** How deep modules may import one another before the search for ours gives up. */
const DEEPEST = 100

/**
 * Does for every application that is made from now on what `TrailproofModule.forRoot({ audit })` among the imports of its
 * root module does. Applications that import `TrailproofModule` themselves are left alone.
 *
 * @param audit asked when an application is made; undefined leaves that one as it is
 * @param factory changed in place
 * @returns `detach()` puts the methods back
 * @throws TRAILPROOF_HOOK_UNSUPPORTED this is not Nest's factory; nothing was changed
 */
export function auditNestApps(audit: () => Audit | undefined, factory: NestFactoryLike): Handle {
  if (typeof factory?.create !== 'function')
    throw unsupported('nestjs', 'this is not NestFactory', 'pass the NestFactory that `@nestjs/core` exports')
  const undo = [patch(factory, 'create', watched), patch(factory, 'createMicroservice', watched)]
  return {
    detach() {
      for (const one of undo.splice(0)) one?.()
    },
  }

  function watched(original: AnyFunction): AnyFunction {
    return async function create(this: unknown, ...args: unknown[]): Promise<unknown> {
      const root = await Promise.resolve(args[0]).then(classOf, () => undefined)
      const given = !root || (await importsOurs(root, args[0])) ? undefined : audit()
      if (!root || !given) return original.apply(this, args)
      const ours = TrailproofModule.forRoot({ audit: given })
      setImports(root, [...importsOf(root), ours])
      try {
        return await original.apply(this, args)
      } finally {
        const left = importsOf(root).filter((one) => one !== ours)
        setImports(root, left)
      }
    }
  }
}

/** A module stands there as its class, as `{ module, imports, … }`, as `forwardRef(() => …)`, or as a promise of those. */
function classOf(definition: unknown): object | undefined {
  const { module, forwardRef } = (definition ?? {}) as { module?: unknown; forwardRef?: () => unknown }
  if (typeof forwardRef === 'function') return classOf(forwardRef())
  const found = module ?? definition
  return typeof found === 'function' ? found : undefined
}

function importsOf(module: object): unknown[] {
  const said: unknown = Reflect.getOwnMetadata(IMPORTS, module)
  return Array.isArray(said) ? said : []
}

/** Nest reads the metadata of the class while it makes the application; afterwards the class is as it was. */
function setImports(module: object, imports: unknown[]): void {
  if (imports.length) Reflect.defineMetadata(IMPORTS, imports, module)
  else Reflect.deleteMetadata(IMPORTS, module)
}

/** Does the application import our module itself, somewhere? Any copy of this package counts. */
async function importsOurs(root: object, definition: unknown): Promise<boolean> {
  const seen = new Set<unknown>()
  let level: unknown[] = [root, definition]
  for (let depth = 0; level.length && depth < DEEPEST; depth++) {
    const below: unknown[] = []
    for (const one of level) {
      const known = await Promise.resolve(one).catch(() => undefined)
      const module = quietly(() => classOf(known))
      if (!module || seen.has(known)) continue
      if ((module as { name?: string }).name === TrailproofModule.name) return true
      const { imports } = known as { imports?: unknown }
      below.push(...importsOf(module), ...(Array.isArray(imports) ? imports : []))
      seen.add(known)
    }
    level = below
  }
  return false
}
