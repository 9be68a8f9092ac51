// `npm run test:full`: the stated counts (1,000 rounds of kills, 10,000 crash seeds, every byte of a torn tail, long property runs) and all mutants of the log.
// Takes about an hour. Its summary is test/RESULTS.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, quietEnv, root } from './prepare.mjs'

const FAULTS = ['clock', 'disk-faults', 'ends', 'folder', 'full-disk', 'power-cut', 'tail'].map(
  (name) => `test/crash/${name}.test.ts`,
)
const SUITES = [
  ['kill -9 of a witness under load: 500 kills', ['test/witness/kill9.test.ts']],
  ['kill -9 under load: 4 writers, 1,000 rounds', ['test/crash/kill9.test.ts']],
  ['faults: every byte of a tail, 40 power cuts, hangs of 60 s', FAULTS],
  ['crash model: 10,000 seeds', ['packages/testkit/test']],
  ['log: property runs', ['packages/core/test/log']],
  ['verify: random logs and edits', ['packages/core/test/verify']],
  ['everything else', []],
]

prepare()
const folder = mkdtempSync(join(tmpdir(), 'trailproof-full-'))
const env = { ...quietEnv, EFFORT: 'full' }
const rows = []
try {
  for (const [name, paths] of SUITES) rows.push(vitest(name, paths))
  rows.push(mutants())
} finally {
  rmSync(folder, { recursive: true, force: true })
}
writeResults()
const failed = rows.filter((row) => row.failed)
for (const { name } of failed) console.error(`FAILED: ${name}`)
process.exitCode = failed.length ? 1 : 0

function vitest(name, paths) {
  const report = join(folder, 'report.json')
  const begun = Date.now()
  const bin = join(root, 'node_modules', '.bin', 'vitest')
  const { status } = spawnSync(
    bin,
    ['run', ...paths, '--reporter=default', '--reporter=json', `--outputFile=${report}`, '--testTimeout=3600000'],
    {
      cwd: root,
      stdio: 'inherit',
      env: paths.length ? env : { ...env, EFFORT: 'ci' },
    },
  )
  const {
    numPassedTests: passed,
    numFailedTests: failures,
    numPendingTests: skipped,
  } = JSON.parse(readFileSync(report, 'utf8'))
  return { name, passed, skipped, failed: failures || (status ? 1 : 0), minutes: minutesSince(begun) }
}

function mutants() {
  const begun = Date.now()
  const { status, stdout } = spawnSync(process.execPath, ['test/crash/mutants.mjs'], {
    cwd: root,
    encoding: 'utf8',
    env,
  })
  process.stdout.write(stdout)
  const caught = stdout.match(/ killed in /g)?.length ?? 0
  return {
    name: 'mutants of the log, each must be caught',
    passed: caught,
    skipped: 0,
    failed: status ? 1 : 0,
    minutes: minutesSince(begun),
  }
}

function minutesSince(begun) {
  return ((Date.now() - begun) / 60_000).toFixed(1)
}

function writeResults() {
  const commit =
    spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim() || 'unknown'
  const table = rows
    .map(
      ({ name, passed, failed, skipped, minutes }) => `| ${name} | ${passed} | ${failed} | ${skipped} | ${minutes} |`,
    )
    .join('\n')
  writeFileSync(
    join(root, 'test', 'RESULTS.md'),
    `# Results of the full test run

Written by \`npm run test:full\` on ${new Date().toISOString().slice(0, 10)}, at commit ${commit}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}.

| suite | passed | failed | skipped | minutes |
|---|---|---|---|---|
${table}
`,
  )
}
