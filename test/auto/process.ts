// Applications as users start them: in a folder of their own, as processes, with the built packages.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const folders: string[] = []

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Node 20 reads no TypeScript; `npm test` builds first, and so must who runs this file alone. */
export function checkBuild(): void {
  for (const name of ['core', 'express', 'koa', 'nestjs', 'passport', 'jwt', 'sessions', 'auto', 'cli'])
    if (!existsSync(join(root, 'packages', name, 'dist', 'cjs', 'index.js')))
      throw new Error(`packages/${name} is not built: npm run build`)
}

/** A folder below this one, so that the libraries of this repository are found; `copies` stand in front of them. */
export function folder(files: Record<string, string> = {}, copies: Record<string, string> = {}): string {
  const at = mkdtempSync(join(here, 'run-'))
  folders.push(at)
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@acme/Shop API', private: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text)
  for (const [name, installed] of Object.entries(copies))
    cpSync(join(root, 'node_modules', installed), join(at, 'node_modules', name), { recursive: true })
  return at
}

/** One of the applications in `apps/`, as ES module or as CommonJS. */
export function app(name: string, form: 'mjs' | 'cjs'): Record<string, string> {
  const read = (file: string) => readFileSync(join(here, 'apps', `${file}.mjs`), 'utf8')
  const text = form === 'mjs' ? read(name) : required(read(name))
  return { [`app.${form}`]: text, 'scenario.mjs': read('scenario') }
}

const required = (text: string) =>
  text
    .replace(/^import (\w+) from '([^']+)'$/gm, "const $1 = require('$2').default ?? require('$2')")
    .replace(/^import (\{[^}]+\}) from '([^']+)'$/gm, "const $1 = require('$2')")
    .replace(/^import '([^']+)'$/gm, "require('$1')")

export interface Ran {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

/** Our own settings must not come from the machine this runs on. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TRAILPROOF|NODE_|VITEST)/.test(name)))

export function begin(
  at: string,
  args: string[],
  more: Record<string, string> = {},
): ChildProcess & { ended: Promise<Ran> } {
  const child = spawn(process.execPath, args, {
    cwd: at,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout!.on('data', (text) => {
    stdout += text
  })
  child.stderr!.on('data', (text) => {
    stderr += text
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const ended = new Promise<Ran>((resolve) =>
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ code, signal, stdout, stderr })
    }),
  )
  return Object.assign(child, { ended })
}

export const run = (at: string, args: string[], more: Record<string, string> = {}) => begin(at, args, more).ended

export const AUTO = ['--import', '@trailproof/auto']

interface Line {
  event: string
  hook?: string
  reason?: string
  service: { name: string }
  data?: Record<string, unknown>
}

/** Names of the log folders, and every line in them. */
export function logs(at: string, where = 'audit'): { names: string[]; records: Line[] } {
  const names = statSync(join(at, where), { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(join(at, where)).filter((name) => existsSync(join(at, where, name, 'seg')))
    : []
  const records = names.flatMap((name) =>
    readdirSync(join(at, where, name, 'seg')).flatMap((file) =>
      readFileSync(join(at, where, name, 'seg', file), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line),
    ),
  )
  return { names, records }
}

/** What the application did; the audit tells of itself apart. */
export const facts = (at: string, where?: string) =>
  logs(at, where)
    .records.filter(({ event }) => !event.startsWith('audit.'))
    .map(({ event, reason }) => (reason ? `${event} ${reason}` : event))

/** What was said of us. */
export const said = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('trailproof:'))

export function put(at: string, file: string, text: string): void {
  mkdirSync(dirname(join(at, file)), { recursive: true })
  writeFileSync(join(at, file), text)
}
