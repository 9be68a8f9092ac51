// Hashes the segments of the log in `log` with openssl.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { input, report } from './audit.mjs'

const seg = join(input.log, 'bench-0', 'seg')
const files = readdirSync(seg).map((name) => join(seg, name))
const begun = performance.now()
const { status } = spawnSync('openssl', ['dgst', '-sha256', ...files])
if (status !== 0) throw new Error('openssl is needed for this figure')
report({ seconds: (performance.now() - begun) / 1000 })
