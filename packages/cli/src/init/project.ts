// An application that knows nothing of us yet: what it is made of, as far as its package.json and its sources tell.
import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join, relative } from 'node:path'
import { TrailproofError } from '@trailproof/core'
import { asServiceName } from '@trailproof/core/adapter'

export type Framework = 'nest' | 'express' | 'koa'

export interface Source {
  /** Relative to the project. */
  path: string
  text: string
  /** `import` and `export`; else `require`. */
  esm: boolean
}

export interface Project {
  root: string
  manifest: { name?: string; type?: string; main?: string; scripts?: Record<string, string> }
  /** The text of package.json, as it stands. */
  manifestText: string
  dependencies: ReadonlySet<string>
  framework: Framework
  sources: Source[]
}

const CODE = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'])
const ELSEWHERE = /^(node_modules|dist|build|out|coverage|public|test|tests|__tests__|e2e|migrations)$/
const MOST_FILES = 2000
const MOST_BYTES = 500_000

/** @throws TRAILPROOF_OPTION_INVALID there is no package.json, or no framework in it that we know */
export function readProject(root: string): Project {
  let manifestText: string
  let manifest: Project['manifest'] & Record<'dependencies' | 'devDependencies', Record<string, string> | undefined>
  try {
    manifestText = readFileSync(join(root, 'package.json'), 'utf8')
    manifest = JSON.parse(manifestText)
  } catch (cause) {
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `there is no readable package.json in ${root}`, {
      cause,
      hint: 'run it in the folder of your application',
    })
  }
  const dependencies = new Set(Object.keys({ ...manifest.devDependencies, ...manifest.dependencies }))
  const framework = dependencies.has('@nestjs/core')
    ? 'nest'
    : dependencies.has('express')
      ? 'express'
      : dependencies.has('koa')
        ? 'koa'
        : undefined
  if (!framework)
    throw new TrailproofError(
      'TRAILPROOF_OPTION_INVALID',
      'package.json names neither express nor koa nor @nestjs/core',
      {
        hint: 'record what your code decides with audit.record(): see the README of @trailproof/core',
      },
    )
  return { root, manifest, manifestText, dependencies, framework, sources: sourcesOf(root) }
}

function sourcesOf(root: string): Source[] {
  const found: Source[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort(filesFirst)) {
      if (found.length >= MOST_FILES) return
      const path = join(folder, entry.name)
      if (entry.isDirectory() && !entry.name.startsWith('.') && !ELSEWHERE.test(entry.name)) walk(path)
      if (!entry.isFile() || !CODE.has(extname(entry.name)) || /\.(d|test|spec)\.\w+$/.test(entry.name)) continue
      const text = readFileSync(path, 'utf8')
      if (text.length > MOST_BYTES) continue
      found.push({ path: relative(root, path), text, esm: /^\s*(import\b(?!\()|export\b)/m.test(text) })
    }
  }
  walk(root)
  return found
}

const filesFirst = (a: Dirent, b: Dirent) =>
  Number(a.isDirectory()) - Number(b.isDirectory()) || a.name.localeCompare(b.name)

/** The name under which a source has a library's default, and how it says so; undefined where it does not have it. */
export function importOf({ text }: Source, library: string): { name: string; form: string } | undefined {
  const quoted = `['"]${library.replaceAll(/[/@]/g, '\\$&')}['"]`
  const forms = [
    new RegExp(`^import\\s+(\\*\\s+as\\s+)?(\\w+)\\s*(?:,\\s*\\{[^}]*\\}\\s*)?from\\s*${quoted}`, 'm'),
    new RegExp(`^(?:const|let|var)\\s+()(\\w+)\\s*=\\s*require\\(\\s*${quoted}\\s*\\)`, 'm'),
    new RegExp(`^import\\s+()(\\w+)\\s*=\\s*require\\(\\s*${quoted}\\s*\\)`, 'm'),
  ]
  for (const form of forms) {
    const match = form.exec(text)
    if (match) return { name: match[2]!, form: match[1] ? `* as ${match[2]}` : match[2]! }
  }
  return undefined
}

/** The file that `npm start` or `main` names, where one of these is it. */
export function startedFile({ manifest, sources }: Project): Source | undefined {
  const named = [manifest.scripts?.['start'], manifest.scripts?.['dev'], manifest.main].join(' ')
  return sources.find(({ path }) =>
    named.split(/\s+/).some((word) => word.replace(/^\.\//, '') === path.replaceAll('\\', '/')),
  )
}

/** A name that `service` accepts. */
export function serviceName({ manifest, root }: Project): string {
  return asServiceName(manifest.name ?? basename(root))
}
