// The change that `init` proposes: which files are made, and what is put into which.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import type { Change, Plan } from './change.js'
import { addImports, afterStatement, importLine, relativeImport, wrapCalls } from './edit.js'
import { type Hooked, hookedLibraries } from './hooked.js'
import { planNest } from './nest.js'
import { importOf, type Project, type Source, serviceName, startedFile } from './project.js'

/** Where the audit of a project without code of ours is kept. */
const FOLDER = './audit'

/** @param preload propose `node --import @trailproof/auto` in place of lines in the sources */
export function planFor(project: Project, preload: boolean): Plan {
  const { framework } = project
  const lines = preload ? undefined : framework === 'nest' ? planNest(project) : planMiddleware(project, framework)
  const plan = lines ?? planPreload(project)
  if (!lines && !preload)
    plan.notes.unshift(`no single line makes the application of ${framework}: it is preloaded instead of edited`)
  plan.changes.push(...gitIgnored(project))
  return plan
}

const FRAMEWORKS = {
  express: { maker: (name: string) => `${name}\\(\\)`, hook: 'auditExpress', adapter: '@trailproof/express' },
  koa: { maker: (name: string) => `new\\s+${name}\\([^\\n]*\\)`, hook: 'auditKoa', adapter: '@trailproof/koa' },
}

const SESSIONS = [
  { library: 'express-session', hook: 'auditSession' },
  { library: 'koa-session', hook: 'auditKoaSession' },
]

function planMiddleware(project: Project, framework: 'express' | 'koa'): Plan | undefined {
  const { maker, hook, adapter } = FRAMEWORKS[framework]
  const started = startedFile(project)
  const candidates = project.sources.flatMap((source) => {
    const known = importOf(source, framework)
    const text = known && afterStatement(source.text, maker(known.name), (app) => `${app}.use(${hook}(audit))`)
    return text === undefined ? [] : [{ source, text }]
  })
  const found =
    candidates.find(({ source }) => source === started) ?? (candidates.length === 1 ? candidates[0] : undefined)
  if (!found) return undefined
  const { source } = found
  const file = auditFile(project, source)
  const hooked = hookedLibraries(project)
  const edited = new Map<Source, Source>([
    [source, { ...source, text: addImports({ ...source, text: found.text }, importsFor(source, file, hook, adapter)) }],
  ])
  const packages = new Set(['@trailproof/core', adapter, ...hooked.map((one) => one.adapter)])
  const notes: string[] = []
  for (const { library, hook: wrapper } of SESSIONS.filter(({ library }) => project.dependencies.has(library))) {
    const wrapped = project.sources.flatMap((one) => {
      const current = edited.get(one) ?? one
      const known = importOf(current, library)
      const text = known && wrapCalls(current.text, known.name, `${wrapper}(audit, ${known.name})`)
      if (!text || text === current.text) return []
      const lines = importsFor(one, file, wrapper, '@trailproof/sessions')
      return [[one, { ...one, text: addImports({ ...current, text }, lines) }] as const]
    })
    for (const [one, after] of wrapped) edited.set(one, after)
    if (wrapped.length) packages.add('@trailproof/sessions')
    else
      notes.push(`${library} is used in a way that is not understood: wrap its factory with ${wrapper}(audit, session)`)
  }
  return {
    changes: [
      { path: file, before: undefined, after: auditSource(project, source, hooked) },
      ...[...edited].map(([{ path, text }, { text: after }]) => ({ path, before: text, after })),
    ],
    packages: [...packages],
    notes,
  }
}

/** `audit` comes first, so that its hooks are attached before modules that use the libraries are evaluated. */
function importsFor(source: Source, file: string, hook: string, adapter: string): string[] {
  return [importLine(source, '{ audit }', relativeImport(source, file)), importLine(source, `{ ${hook} }`, adapter)]
}

function auditFile({ sources }: Project, { path }: Source): string {
  const taken = (name: string) => sources.some((one) => one.path === join(dirname(path), `${name}${extname(path)}`))
  return join(dirname(path), `${taken('audit') ? 'trailproof' : 'audit'}${extname(path)}`)
}

/** The file in which the audit is made. */
function auditSource(project: Project, like: Source, hooked: readonly Hooked[]): string {
  const line = (names: string, from: string) => importLine(like, names, from)
  const end = line('x', 'x').endsWith(';') ? ';' : ''
  const quote = line('x', 'x').includes('"') ? '"' : "'"
  const made = `createAudit({ service: ${quote}${serviceName(project)}${quote}, writer: fileWriter(${quote}${FOLDER}${quote}) })`
  return [
    '// The audit log of sign-ins, tokens and sessions. Loaded first, so that its hooks are there before they are needed.',
    ...hooked.map(({ form, library }) => line(form, library)),
    line('{ createAudit, fileWriter }', '@trailproof/core'),
    ...hooked.map(({ hook, adapter }) => line(`{ ${hook} }`, adapter)),
    '',
    `${like.esm ? 'export const' : 'const'} audit = ${made}${end}`,
    ...hooked.map(({ hook, name }) => `${hook}(audit, ${name})${end}`),
    ...(like.esm ? [] : ['', `module.exports = { audit }${end}`]),
    '',
  ].join('\n')
}

function planPreload(project: Project): Plan {
  const { manifest, manifestText, framework } = project
  const start = manifest.scripts?.['start']
  const preloaded = start?.replace(/(^|\s)node(?=\s)/, '$1node --import @trailproof/auto')
  const changes: Change[] = []
  const notes: string[] = []
  if (start && preloaded && preloaded !== start) {
    const after = manifestText.replace(JSON.stringify(start), JSON.stringify(preloaded))
    if (after !== manifestText) changes.push({ path: 'package.json', before: manifestText, after })
  }
  if (changes.length === 0) notes.push('start the application with: node --import @trailproof/auto <file>')
  const config = { service: serviceName(project), writer: FOLDER }
  changes.push({
    path: 'trailproof.config.json',
    before: undefined,
    after: `${JSON.stringify(config, undefined, 2)}\n`,
  })
  const packages = ['@trailproof/core', '@trailproof/auto', ...(framework === 'nest' ? ['@trailproof/nestjs'] : [])]
  return { changes, packages, notes }
}

const IGNORED = ['.trailproof/', '/audit/']

function gitIgnored({ root }: Project): Change[] {
  const file = join(root, '.gitignore')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  const missing = IGNORED.filter((line) => !before?.split('\n').includes(line))
  if (missing.length === 0) return []
  const gap = before && !before.endsWith('\n') ? '\n' : ''
  return [{ path: '.gitignore', before, after: `${before ?? ''}${gap}${missing.join('\n')}\n` }]
}
