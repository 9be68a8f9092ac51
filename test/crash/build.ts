// Processes run the built packages: Node 20 reads no TypeScript. Building here is incremental, so it costs little twice.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const index = join(root, 'packages', 'core', 'dist', 'esm', 'index.js')

/** What an application imports. */
export const CORE = pathToFileURL(index).href
/** The command line. */
export const CLI = join(root, 'packages', 'cli', 'bin', 'trailproof.js')

/** Builds core and the command line; test files that start together do it one after the other. @throws when there is no build */
export function build(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const command = [process.execPath, tsc, '-b', join(root, 'packages', 'core'), join(root, 'packages', 'cli')]
  const locked = spawnSync('flock', [join(tmpdir(), 'trailproof-build.lock'), ...command], { encoding: 'utf8' })
  const { stdout } = locked.error ? spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' }) : locked
  if (!existsSync(index)) throw new Error(`packages/core is not built: ${stdout}`)
}
