// Builds the package in the current folder twice: ESM by project references, CommonJS by a second pass.
// Two forms, because Jest and CommonJS TypeScript cannot load packages that are ESM only (DESIGN section 2).
import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const run = (...args) => {
  const { status } = spawnSync(process.execPath, [tsc, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

rmSync('dist', { recursive: true, force: true }) // what has no source any more must not be published
run('-p', '.') // not -b: turbo orders the packages, and two builds at once must not both write the one they share
run(
  '-p',
  '.',
  '--module',
  'commonjs',
  '--moduleResolution',
  'bundler',
  '--outDir',
  'dist/cjs',
  '--tsBuildInfoFile',
  'dist/cjs.tsbuildinfo',
)
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
copyFileSync('../../LICENSE', 'LICENSE') // npm puts it into the package; not tracked here
