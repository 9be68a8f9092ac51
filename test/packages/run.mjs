// Packages as users get them: every package is packed, linted, and installed from its tarball into projects of each kind,
// which are built and run. What they record is verified by the packed command line. Exit 0 or 1.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { npmCommand, prepare, quietEnv } from '../../scripts/prepare.mjs'
import { packAll } from './pack.mjs'
import { projects } from './projects.mjs'

const ONCE = { seen: 1, recorded: 1, declared: 0, dropped: 0 }

/** What each application answers and records: a hook that never fired cannot pass. */
const RUN = {
  statuses: [401, 200, 200],
  status: 'green',
  counts: {
    passport: { ...ONCE, seen: 2, recorded: 2 },
    'express-session': ONCE,
    jwt: ONCE,
    express: ONCE,
  },
  events: { 'login.failed': 1, 'login.succeeded': 1, 'session.created': 1, 'token.issued': 1, 'report.read': 1 },
}

const here = dirname(fileURLToPath(import.meta.url))
// Not below this repository: nothing may be found here that a user would not have.
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'trailproof-packages-')))
const counts = { passed: 0, failed: 0 }

try {
  prepare()
  const tarballs = packAll(join(folder, 'tarballs'))
  cpSync(join(here, 'user'), folder, { recursive: true })
  cpSync(join(here, 'lint.mjs'), join(folder, 'lint.mjs'))
  npm('ci')
  npm('install', '--no-save', '--no-package-lock', ...tarballs)
  for (const tarball of tarballs) step(`${basename(tarball)} is clean`, [join(folder, 'lint.mjs'), tarball])
  for (const project of projects(folder)) tryProject(project)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`packages: ${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0

function npm(...args) {
  const [command, ...first] = npmCommand()
  const all = [...first, ...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync(command, all, { cwd: folder, stdio: 'inherit', env: quietEnv })
  if (status !== 0) throw new Error(`npm ${args[0]} ended with ${status}`)
}

/** Builds a project in a folder of its own, runs it, and has its log verified. */
function tryProject({ name, source, files, commands, thread, log }) {
  const at = join(folder, name)
  mkdirSync(at)
  cpSync(join(here, 'projects', source), at, { recursive: true })
  files?.(at)
  for (const command of commands) if (!step(`${name}: ${command.title}`, command.args, at, command.says)) return
  if (!log) return
  const ran = step(`${name}: runs${thread ? '' : ', without a thread'}`, [log, 'data'], at, (said) => {
    const found = JSON.parse(said)
    assert.deepEqual(found, { ...RUN, thread: thread ? 'worker' : found.thread })
    assert.equal(found.thread === 'worker', thread, `the log is written in ${found.thread}`)
  })
  if (!ran) return
  const logs = readdirSync(join(at, 'data', 'log')).filter((entry) => entry.startsWith('shop-'))
  const bin = join(folder, 'node_modules', 'trailproof', 'bin', 'trailproof.js')
  const key = join('data', 'keys', 'signing.pub')
  step(`${name}: its log verifies`, [bin, 'verify', join('data', 'log', logs[0]), '--key', key], at, (said) => {
    if (!/\bOK\b|verified|intact/i.test(said)) throw new Error(`verify said: ${said}`)
  })
}

function step(title, args, cwd = folder, check = undefined) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 300_000 })
  try {
    if (status !== 0) throw new Error(`exit ${status}`)
    check?.(stdout)
    counts.passed++
    console.log(`ok ${title}`)
    return true
  } catch (error) {
    counts.failed++
    console.log(`FAILED ${title}: ${error.message}\n${stdout}${stderr}`)
    return false
  }
}
