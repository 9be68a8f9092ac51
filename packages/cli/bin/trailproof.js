#!/usr/bin/env node
// Committed as it is, so that `npm ci` can link it before anything is built.
import { existsSync } from 'node:fs'

const built = new URL('../dist/esm/index.js', import.meta.url)
const build = 'run `npm run build` in the repository (or `npx tsc -b packages/cli`)'

if (!existsSync(built)) end(`trailproof is not built yet: ${build}`)
else
  import(built.href).then(
    ({ main }) => main(process.argv.slice(2)),
    (error) => end(`trailproof cannot be loaded: ${error.message}; its build may be stale: ${build}`),
  )

function end(message) {
  console.error(`TRAILPROOF_NOT_BUILT: ${message}`)
  process.exitCode = 2
}
