// The verifiers that are not ours: built once into a folder that is thrown away. Go keeps its caches where it always does.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4'
const BUILD_WITHIN_MS = 600_000
const VERIFY_WITHIN_MS = 60_000

/** Why the tools are not to be had: no fault of ours, so the suite is skipped. */
export class Unavailable extends Error {}

/** @throws Unavailable there is no Go, or what it needs cannot be fetched */
export function buildTools(folder) {
  const { error } = spawnSync('go', ['version'])
  if (error) throw new Unavailable('there is no go on the PATH')
  const source = join(import.meta.dirname, 'tlogcheck')
  go(['build', '-o', join(folder, 'tlogcheck'), '.'], { cwd: source })
  go(['install', FSCK], { env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' } })
  return { tlogcheck: tlogcheckAt(join(folder, 'tlogcheck')), fsck: fsckAt(join(folder, 'fsck')) }
}

function go(args, options) {
  const { status, stderr, error } = spawnSync('go', args, { encoding: 'utf8', timeout: BUILD_WITHIN_MS, ...options })
  if (status === 0) return
  const why = error?.message ?? stderr.trim().split('\n').at(-1)
  // Only what a missing network says: a program of ours that does not compile is a failure.
  if (
    /dial tcp|lookup |no such host|i\/o timeout|connection re|proxyconnect|TLS handshake|module lookup disabled|ETIMEDOUT|requires go >=/.test(
      `${why} ${stderr}`,
    )
  )
    throw new Unavailable(`go ${args[0]} cannot fetch what it needs: ${why}`)
  throw new Error(`go ${args.join(' ')}: ${stderr}`)
}

/** Runs a program; out of time counts as a rejection, with that as its reason. */
function run(program, args, accepts) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: VERIFY_WITHIN_MS })
  const output = `${stdout}${stderr}`.trim()
  return { accepts: status === 0 && accepts(output), said: error?.code ?? output.slice(0, 300) }
}

const tlogcheckAt = (program) => (args) => run(program, args, () => true)

// With its default -N 1, fsck waits for ever on a tree that does not fit (tessera issue 1098). Without its screen it exits
// with 0 whatever it found, so what it says decides.
const fsckAt = (program) => (url, key) =>
  run(program, [`--storage_url=${url}`, `--public_key=${key}`, '-ui=false', '-N', '8'], (output) =>
    /^I.* Successfully fsck'd log with size \d+ and root /m.test(output),
  )
