// Nest: the module among the imports of the root module, sessions and shutdown hooks in the file that starts it.
import { posix } from 'node:path'
import type { Plan } from './change.js'
import { addImports, importLine, wrapCalls } from './edit.js'
import { type Hooked, hookedLibraries } from './hooked.js'
import { importOf, type Project, type Source, serviceName } from './project.js'

export function planNest(project: Project): Plan | undefined {
  const main = project.sources.find(({ text }) => /\bNestFactory\s*\.\s*create\b/.test(text))
  const [, root] = /\bNestFactory\s*\.\s*create(?:<[^>]*>)?\(\s*(\w+)/.exec(main?.text ?? '') ?? []
  const module = main && root ? definitionOf(project, main, root) : undefined
  const text = module && root ? withModule(project, module, root) : undefined
  if (!main || !module || text === undefined) return undefined
  const hooked = hookedLibraries(project)
  const packages = new Set(['@trailproof/core', '@trailproof/nestjs', ...hooked.map(({ adapter }) => adapter)])
  const notes: string[] = []
  let started = module === main ? text : main.text
  const app = /\b(?:const|let|var)\s+(\w+)(?:\s*:[^=\n]+)?\s*=\s*await\s+NestFactory\s*\.\s*create/.exec(started)?.[1]
  if (app && !started.includes('enableShutdownHooks'))
    started = started.replace(
      new RegExp(`^([ \\t]*)(?=(?:await\\s+)?${app}\\.listen\\()`, 'm'),
      (indent) => `${indent}${app}.enableShutdownHooks()${endOf(main)}\n${indent}`,
    )
  const session = importOf(main, 'express-session')
  if (session && app) {
    const wrapped = wrapCalls(started, session.name, `auditSession(${app}.get(AUDIT), ${session.name})`)
    if (wrapped !== started) {
      packages.add('@trailproof/sessions')
      const lines = [
        importLine(main, '{ AUDIT }', '@trailproof/nestjs'),
        importLine(main, '{ auditSession }', '@trailproof/sessions'),
      ]
      started = addImports({ ...main, text: wrapped }, lines)
    }
  } else if (project.dependencies.has('express-session'))
    notes.push(
      'express-session is used in a way that is not understood: wrap its factory with auditSession(app.get(AUDIT), session)',
    )
  const changes = module === main ? [] : [{ path: module.path, before: module.text, after: text }]
  if (started !== main.text) changes.push({ path: main.path, before: main.text, after: started })
  return { changes, packages: [...packages], notes }
}

const endOf = (source: Source) => (importLine(source, 'x', 'x').endsWith(';') ? ';' : '')

/** The source in which the root module stands: the starting one, or the one it is imported from. */
function definitionOf({ sources }: Project, main: Source, root: string): Source | undefined {
  if (new RegExp(`class\\s+${root}\\b`).test(main.text)) return main
  const from = new RegExp(
    `(?:import\\s*\\{[^}]*\\b${root}\\b[^}]*\\}\\s*from|\\{[^}]*\\b${root}\\b[^}]*\\}\\s*=\\s*require\\()\\s*['"](\\.[^'"]+)['"]`,
  ).exec(main.text)?.[1]
  if (!from) return undefined
  const at = posix.join(posix.dirname(main.path.replaceAll('\\', '/')), from).replace(/\.[cm]?js$/, '')
  return sources.find(({ path }) => path.replaceAll('\\', '/').replace(/\.[cm]?[jt]s$/, '') === at)
}

/** The first of the root module's imports. */
function withModule(project: Project, source: Source, root: string): string | undefined {
  const { text } = source
  const before = new RegExp(`@Module\\(\\s*\\{(?=[\\s\\S]*?class\\s+${root}\\b)`, 'g')
  const decorators = [...text.matchAll(before)].filter(
    ({ index }) => !/\bclass\s/.test(text.slice(index, text.search(new RegExp(`class\\s+${root}\\b`)))),
  )
  const [decorator] = decorators
  if (!decorator || decorators.length !== 1) return undefined
  const hooked = hookedLibraries(project)
  const call = moduleCall(project, source, hooked)
  const start = decorator.index + decorator[0].length
  const list = /\bimports\s*:\s*\[/.exec(text.slice(start))
  const at = list ? start + list.index + list[0].length : start
  const inserted = list ? `\n    ${call},` : `\n  imports: [\n    ${call},\n  ],`
  const after = `${text.slice(0, at)}${inserted}${text.slice(at)}`
  return addImports({ ...source, text: after }, [
    ...hooked
      .filter(({ library }) => !importOf(source, library))
      .map(({ form, library }) => importLine(source, form, library)),
    importLine(source, '{ fileWriter }', '@trailproof/core'),
    ...hooked.map(({ hook, adapter }) => importLine(source, `{ ${hook} }`, adapter)),
    importLine(source, '{ TrailproofModule }', '@trailproof/nestjs'),
  ])
}

function moduleCall(project: Project, source: Source, hooked: readonly Hooked[]): string {
  const quote = importLine(source, 'x', 'x').includes('"') ? '"' : "'"
  const options = [
    `service: ${quote}${serviceName(project)}${quote},`,
    `writer: fileWriter(${quote}./audit${quote}),`,
    ...(hooked.length
      ? ['attach: (audit) => {', ...hooked.map(({ hook, name }) => `  ${hook}(audit, ${name})${endOf(source)}`), '},']
      : []),
  ]
  return `TrailproofModule.forRoot({\n${options.map((line) => `      ${line}\n`).join('')}    })`
}
