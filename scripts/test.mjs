// `npm test`: everything that needs only Node and npm. Arguments are passed on to vitest.
import { join } from 'node:path'
import { prepare, root, run } from './prepare.mjs'

prepare()
const bin = (name) => join(root, 'node_modules', '.bin', name)
const only = process.argv.slice(2)
if (only.length === 0) run(bin('biome'), ['check', '--error-on-warnings'])
run(bin('vitest'), ['run', ...only])
