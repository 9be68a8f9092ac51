// Makes a fresh clone ready with only Node and npm on the machine: installs what the lock file names, builds what changed.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Environment of everything we start: no telemetry, nothing that phones home or colours logs. */
export const quietEnv = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_UPDATE_NOTIFIER: '1' }

/** Runs a command in the project folder; ends this process with its exit code when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: quietEnv, ...options })
  if (error) {
    console.error(`${command} could not be started: ${error.message}`)
    process.exit(2)
  }
  if (status !== 0) process.exit(status ?? 1)
}

/** Command and first arguments of npm, as this process was started by it, else from the PATH. */
export function npmCommand() {
  const cli = process.env.npm_execpath
  return cli?.endsWith('.js') ? [process.execPath, cli] : ['npm']
}

export function npm(...args) {
  const [command, ...first] = npmCommand()
  run(command, [...first, ...args])
}

export function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Trailproof needs Node 20.19 or later; this is ${process.version}.`)
    process.exit(2)
  }
  const installed = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    console.log('Installing what package-lock.json names …')
    npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error')
  }
  build()
}

/** What the build says matters only when it fails. */
function build() {
  const [command, ...first] = npmCommand()
  const { status, stdout, stderr } = spawnSync(command, [...first, 'run', '--silent', 'build'], {
    cwd: root,
    encoding: 'utf8',
    env: quietEnv,
  })
  if (status === 0) return
  process.stderr.write(`${stdout}${stderr}\nThe build failed.\n`)
  process.exit(status ?? 1)
}
