// `npm run test:matrix`: each release of each library, installed with our packed packages in a folder of its own, on each
// Node: the application answers the same with and without the audit, and leaves the records it has to. Writes
// docs/compatibility.md; with --fast (`.ci/run`), or the name of a library, a few rows, and nothing is written. Exit 0 or 1.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { npmCommand, prepare, quietEnv, root } from '../../scripts/prepare.mjs'
import { packAll } from '../packages/pack.mjs'
import { playContracts } from './contract.mjs'
import { EXPECTED, HOOKS } from './expected.mjs'
import { page } from './page.mjs'
import { NODES, ROWS } from './rows.mjs'

const fast = process.argv.includes('--fast')
const [only] = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const own = process.versions.node
const ownMajor = own.split('.', 1)[0]
// Not below this repository: nothing may be found here that a user would not have.
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'trailproof-matrix-')))
const results = []

try {
  prepare()
  const tarballs = packAll(join(folder, 'tarballs'))
  const nodes = { [ownMajor]: { path: process.execPath, version: own } }
  for (const major of fast ? [NODES.at(-1)] : NODES) nodes[major] ??= installNode(major)
  for (const [index, row] of ROWS.filter((one) => (!fast || one.fast) && (!only || one.library === only)).entries()) {
    const at = project(row, index, tarballs)
    for (const major of new Set([ownMajor, ...row.nodes])) if (nodes[major]) results.push(tryRow(row, at, nodes[major]))
    rmSync(at, { recursive: true, force: true })
  }
  const contracts = only ? [] : playContracts(folder)
  if (!fast && !only) writeFileSync(join(root, 'docs', 'compatibility.md'), page(results, contracts))
  results.push(...contracts)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const failed = results.filter(({ fault }) => fault).length
console.log(`matrix: ${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed || results.length === 0 ? 1 : 0

/** From the npm package of that name for this system. @returns undefined where there is none: said, and skipped */
function installNode(major) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const at = join(folder, `node-${major}`)
  mkdirSync(at)
  writeFileSync(join(at, 'package.json'), '{ "private": true }')
  if (!npm(at, 'install', `${name}@${major}`)) {
    console.log(`skipped: Node ${major}: ${name}@${major} cannot be installed`)
    return undefined
  }
  const path = join(at, 'node_modules', name, 'bin', 'node')
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return { path, version: stdout.trim().slice(1) }
}

function project({ app, dependencies, ours }, index, tarballs) {
  const at = join(folder, `row-${index}`)
  mkdirSync(at)
  const local = ours.map((name) => {
    const packed = `trailproof-${name}-`
    return tarballs.find((path) => path.split(/[\\/]/).at(-1).startsWith(packed))
  })
  const packages = { ...dependencies }
  for (const [position, name] of ours.entries()) packages[`@trailproof/${name}`] = `file:${local[position]}`
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: 'shop', private: true, dependencies: packages }))
  const apps = join(root, 'test', 'auto', 'apps')
  for (const file of [`${app}.mjs`, 'scenario.mjs']) cpSync(join(apps, file), join(at, file))
  if (!npm(at, 'install')) throw new Error(`npm install of ${JSON.stringify(dependencies)} failed`)
  return at
}

function npm(cwd, ...args) {
  const [command, ...first] = npmCommand()
  const all = [
    ...first,
    ...args,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--legacy-peer-deps',
  ]
  return spawnSync(command, all, { cwd, stdio: ['ignore', 'ignore', 'inherit'], env: quietEnv }).status === 0
}

function tryRow({ app, library, version }, at, node) {
  rmSync(join(at, 'audit'), { recursive: true, force: true })
  const run = (...args) => spawnSync(node.path, [...args, `${app}.mjs`], { cwd: at, encoding: 'utf8', timeout: 60_000 })
  const off = run()
  const on = run('--import', '@trailproof/auto')
  const found = recordsOf(at)
  const result = {
    app,
    library,
    version,
    node: node.version,
    events: found.events.length,
    fault: faultOf(app, off, on, found),
  }
  console.log(
    `${result.fault ? `FAILED: ${result.fault}` : 'ok'} ${library} ${version} on Node ${node.version}: ${found.events.length} records`,
  )
  return result
}

/** @returns what is wrong; undefined when nothing is */
function faultOf(app, off, on, found) {
  if (off.status !== 0) return `it does not run without us either: ${off.stderr.slice(0, 300)}`
  if (on.status !== 0) return `exit ${on.status}: ${on.stderr.slice(0, 300)}`
  if (/^trailproof:/m.test(on.stderr)) return on.stderr.slice(0, 300)
  if (!isDeepStrictEqual(JSON.parse(on.stdout), JSON.parse(off.stdout))) return 'it answers otherwise'
  if (!isDeepStrictEqual(found.events, EXPECTED[app])) return `records: ${found.events.join(', ')}`
  if (!isDeepStrictEqual(found.hooks, HOOKS[app])) return `hooks: ${found.hooks.join(', ')}`
  return undefined
}

/** What was recorded of the application, in order, and the hooks that were in place. */
function recordsOf(at) {
  const segments = join(at, 'audit', 'shop-0', 'seg')
  const records = existsSync(segments)
    ? readdirSync(segments)
        .flatMap((file) => readFileSync(join(segments, file), 'utf8').split('\n').filter(Boolean))
        .map((line) => JSON.parse(line))
    : []
  const beat = records.findLast(({ event }) => event === 'audit.heartbeat')
  const events = records
    .filter(({ event }) => !event.startsWith('audit.'))
    .map(({ event, data }) => (data?.handler ? `${event} of ${data.handler}` : event))
  return { events, hooks: beat?.data.hooks.toSorted() ?? [] }
}
