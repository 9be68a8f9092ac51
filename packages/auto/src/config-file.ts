// Finds the configuration file and loads it, in any form of module that projects have.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TrailproofError } from '@trailproof/core'

const NAMES = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts', 'json'].map((ending) => `trailproof.config.${ending}`)

export interface Entry {
  /** URL of the file that was preloaded; libraries of ours are found from there. */
  here: string
  /** Loads a module as that file would: `import()` gives a promise, `require` what the module exports. */
  load: (url: string) => unknown
}

/** What `TRAILPROOF_CONFIG` names, else the first `trailproof.config.*` of the folder. */
export function findConfig(from: string, named: string | undefined): string | undefined {
  const found = NAMES.map((name) => resolve(from, name)).find(existsSync)
  return named ? resolve(from, named) : found
}

/**
 * @returns what the file exports, or a promise of it where modules are loaded asynchronously
 * @throws whatever the file throws, and SyntaxError
 */
export function loadConfig(file: string, { here, load }: Entry): unknown {
  if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'))
  // Node reads TypeScript since 22.18 by itself. `jiti` is loaded for older ones, and for those alone.
  const reads = (process as { features?: { typescript?: unknown } }).features?.typescript
  if (!/\.[cm]?ts$/.test(file) || reads) return exportOf(load(pathToFileURL(file).href))
  const { createJiti } = createRequire(here)('jiti') as typeof import('jiti')
  return exportOf(createJiti(here, { fsCache: false, moduleCache: false })(file))
}

/** The default export, also where CommonJS that was compiled from it is imported. */
function exportOf(module: unknown): unknown {
  if (module instanceof Promise) return module.then(exportOf)
  let found = module
  for (let depth = 0; depth < 2; depth++) {
    const inner = (found as { default?: unknown } | null | undefined)?.default
    if (inner !== undefined) found = inner
  }
  return found
}

export function unreadable(file: string, cause: unknown): TrailproofError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new TrailproofError('TRAILPROOF_CONFIG_UNREADABLE', `${file} cannot be loaded: ${why}`, { cause, path: file })
}
