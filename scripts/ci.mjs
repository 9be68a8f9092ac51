// The order of CI: install, build, `npm test`, crash suites, mutants, interop. Every suite reports its counts; the sum is the last line.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npm, quietEnv, root, run } from './prepare.mjs'

/** Exit code of a script that needs what this machine lacks. */
const SKIPPED = 3

process.env.EFFORT ??= 'ci'
const folder = mkdtempSync(join(tmpdir(), 'trailproof-ci-'))
const report = join(folder, 'vitest.json')
const counts = { passed: 0, failed: 0, skipped: 0 }
try {
  npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error')
  const tests = spawnSync(
    process.execPath,
    ['scripts/test.mjs', '--reporter=default', '--reporter=json', `--outputFile=${report}`],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...quietEnv, EFFORT: process.env.EFFORT },
    },
  )
  readReport()
  if (tests.status !== 0) counts.failed ||= 1
  run(join(root, 'node_modules', '.bin', 'biome'), ['check', '--error-on-warnings'])
  for (const [name, script, ...args] of [
    ['mutants of the log', 'test/crash/mutants.mjs'],
    ['the demo, from the outside', 'test/e2e/demo-once.mjs'],
    ['the packages, as users get them', 'test/packages/run.mjs'],
    ['lowest and newest releases, oldest and newest Node', 'test/matrix/run.mjs', '--fast'],
    ['our tiles, read by software that is not ours', 'test/interop/run.mjs'],
  ]) {
    console.log(`\n── ${name}`)
    const { status } = spawnSync(process.execPath, [script, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...quietEnv, EFFORT: process.env.EFFORT },
    })
    counts[status === 0 ? 'passed' : status === SKIPPED ? 'skipped' : 'failed']++ // a script that skips says why
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log('\nNot run here, and why: engines, browsers: they belong to issues that are still open.')
if (counts.passed === 0) counts.failed ||= 1
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed ? 1 : 0

function readReport() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    counts.passed += numPassedTests
    counts.failed += numFailedTests
    counts.skipped += numPendingTests
    for (const file of testResults)
      for (const test of file.assertionResults)
        if (test.status === 'skipped' || test.status === 'pending') console.log(`skipped: ${test.fullName}`)
  } catch (error) {
    console.error(`the test report could not be read: ${error.message}`)
    counts.failed++
  }
}
