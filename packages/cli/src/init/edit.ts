// Small changes to the text of one source. Each either finds exactly the place it is meant for, or changes nothing.
import { dirname, extname, posix } from 'node:path'
import type { Source } from './project.js'

/** `import …` for an ES module, `require` for CommonJS, in the quotes and with the semicolons of the file. */
export function importLine({ text, esm }: Pick<Source, 'text' | 'esm'>, names: string, from: string): string {
  const quote = (text.match(/(?:from|require\()\s*(['"])/) ?? [])[1] ?? "'"
  const end = /^\s*(?:import|const|var)\b[^\n]*;\s*$/m.test(text) ? ';' : ''
  return esm
    ? `import ${names} from ${quote}${from}${quote}${end}`
    : `const ${names.replace(/^\* as /, '')} = require(${quote}${from}${quote})${end}`
}

/** Puts lines before the first import, or after a shebang, comments and directives; those added earlier stay before them. */
export function addImports({ text }: Pick<Source, 'text'>, lines: readonly string[]): string {
  const missing = lines.filter((line) => !text.includes(line))
  if (missing.length === 0) return text
  const earlier = lines.filter((line) => text.includes(line)).map((line) => text.indexOf(line) + line.length + 1)
  const first = /^(?:import\b(?!\()|(?:const|let|var)\s[^\n]*\brequire\()/m.exec(text)
  const top = /^(?:#![^\n]*\n)?(?:\s*(?:\/\/[^\n]*|['"]use strict['"];?)\n)*/.exec(text)
  const at = earlier.length ? Math.max(...earlier) : (first?.index ?? top?.[0].length ?? 0)
  return `${text.slice(0, at)}${missing.join('\n')}\n${text.slice(at)}`
}

/** Puts a line below the one statement that makes the application; undefined where there is none, or several. */
export function afterStatement(text: string, maker: string, line: (name: string) => string): string | undefined {
  const statement = new RegExp(
    `^([ \\t]*)(?:export\\s+)?(?:const|let|var)\\s+(\\w+)(?:\\s*:[^=\\n]+)?\\s*=\\s*${maker};?[ \\t]*(?://[^\\n]*)?\\n`,
    'gm',
  )
  const [match, another] = [...text.matchAll(statement)]
  if (!match || another) return undefined
  const at = match.index + match[0].length
  const end = /;\s*(?:\/\/[^\n]*)?\n$/.test(match[0]) ? ';' : ''
  return `${text.slice(0, at)}${match[1]}${line(match[2]!)}${end}\n${text.slice(at)}`
}

/** `session(` becomes `auditSession(audit, session)(`; a method of that name is another thing. */
export function wrapCalls(text: string, name: string, by: string): string {
  return text.replaceAll(new RegExp(`(?<![.\\w$])${name}\\((?=\\s*[{\\w])`, 'g'), `${by}(`)
}

/** How one source names another, as it names its own: with the ending that is loaded, or without one. */
export function relativeImport(from: Source, to: string): string {
  const path = posix.relative(dirname(from.path).replaceAll('\\', '/'), to.replaceAll('\\', '/'))
  const dotted = path.startsWith('.') ? path : `./${path}`
  const typescript = /\.[cm]?ts$/.test(to)
  const others = [...from.text.matchAll(/(?:from|require\()\s*['"](\.[^'"]*)['"]/g)].map(([, other]) => other!)
  const withEnding = typescript
    ? others.some((other) => /\.[cm]?js$/.test(other))
    : from.esm || extname(to) !== '.js' || others.some((other) => extname(other) !== '')
  const bare = dotted.slice(0, -extname(dotted).length)
  return withEnding ? `${bare}${extname(to).replace('ts', 'js')}` : bare
}
