// Where modules are loaded: `require` and `import` each have their own way in.
import Module, { createRequire } from 'node:module'
import { patch, quietly } from '@trailproof/core/adapter'

type Seen = (name: string, exports: Record<string, unknown>) => unknown

/**
 * Calls `seen` once for each copy of a library that is loaded, by `require` and by `import`, before the application has it.
 *
 * @param here what is preloaded; the libraries that do it are found from there
 * @param seen what it returns stands for the exports (of an ES module: for its default export)
 */
export function onLoad(here: string, names: readonly string[], seen: Seen): void {
  const { Hook } = createRequire(here)('import-in-the-middle') as typeof import('import-in-the-middle')
  watchRequire(here, names, seen)
  new Hook([...names], (exports, name) => seen(name, exports))
  watchImports(here, [...names])
}

interface Requiring {
  require(this: object, id: string): unknown
}

/**
 * Not by require-in-the-middle: that loads `debug`, which reads the environment when it is loaded, and the application,
 * which may share that copy, has not set it yet. Libraries are required by their bare names; those are enough.
 */
function watchRequire(here: string, names: readonly string[], seen: Seen): void {
  const wanted = new Set(names)
  const told = new WeakMap<object, unknown>()
  const resolveName = (Module as unknown as { _resolveFilename(id: string, parent: object): string })._resolveFilename
  const { cache } = createRequire(here)
  patch((Module as unknown as { prototype: Requiring }).prototype, 'require', (original) => {
    const watched = {
      require(this: object, ...args: [string]): unknown {
        const exports = original.apply(this, args)
        const [name] = args
        if (!wanted.has(name) || !isObject(exports)) return exports
        return quietly(() => insteadOf(name, exports, resolveName(name, this))) ?? exports
      },
    }
    return watched.require
  })

  function insteadOf(name: string, exports: object, file: string): unknown {
    if (!cache[file]?.loaded) return undefined // modules that require each other see one another half made
    if (!told.has(exports)) told.set(exports, seen(name, exports as Record<string, unknown>))
    return told.get(exports)
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** In this thread where Node can (from 22.22 on), else in a thread of the loader's own. */
function watchImports(here: string, include: string[]): void {
  if ('registerHooks' in Module) {
    const sync = createRequire(here)('import-in-the-middle/register-hooks.mjs') as {
      supportsSyncHooks(): boolean
      register(options: { include: string[] }): void
    }
    if (sync.supportsSyncHooks()) {
      sync.register({ include })
      return
    }
  }
  Module.register('import-in-the-middle/hook.mjs', here, { data: { include } })
}
