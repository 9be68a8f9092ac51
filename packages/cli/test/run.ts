// Runs the built command line as a user does: `bin/trailproof.js` in a process of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../bin/trailproof.js', import.meta.url))

export interface Ran {
  code: number | null
  out: string
  err: string
}

const env = (extra: Record<string, string> = {}) => {
  const { NODE_ENV: _, TRAILPROOF_ROOT_KEY: _root, TRAILPROOF_SIGNING_KEY: _signing, ...rest } = process.env
  return { ...rest, ...extra }
}

export function run(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    cwd: options.cwd,
    env: env(options.env),
  })
  return { code: status, out: stdout, err: stderr }
}

export const runJson = (args: string[]) => {
  const { code, out } = run([...args, '--json'])
  return { code, json: JSON.parse(out) as never }
}

export function begin(args: string[]): ChildProcess {
  return spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: env() })
}
