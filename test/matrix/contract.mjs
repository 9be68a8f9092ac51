// The suites of the Nest adapter, the whole contract among them, against other releases of Nest: each in a fixture folder
// with a lock file of its own.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { npmCommand, quietEnv, root } from '../../scripts/prepare.mjs'

const FIXTURES = join(root, 'test', 'matrix', 'fixtures')

/** @param folder for reports @returns one result for each fixture */
export function playContracts(folder) {
  return readdirSync(FIXTURES).map((name) => {
    const at = join(FIXTURES, name)
    const version = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')).dependencies['@nestjs/core']
    const [command, ...first] = npmCommand()
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps']
    const installed = spawnSync(command, [...first, 'ci', ...flags], { cwd: at, stdio: 'inherit', env: quietEnv })
    // One copy, as in an application: @nestjs/jwt then finds the one that passport-jwt has too.
    rmSync(join(at, 'node_modules', 'jsonwebtoken'), { recursive: true, force: true })
    const report = join(folder, `${name}.json`)
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const args = [
      'run',
      '--config',
      join('test', 'matrix', 'vitest.config.ts'),
      '--reporter=json',
      `--outputFile=${report}`,
    ]
    const env = { ...quietEnv, FIXTURE: name }
    const { stderr } = spawnSync(process.execPath, [vitest, ...args], {
      cwd: root,
      encoding: 'utf8',
      env,
      timeout: 300_000,
    })
    const result = { name: 'Nest', version, ...countsOf(report, installed.status === 0 ? stderr : 'npm ci failed') }
    console.log(
      `${result.fault ? `FAILED: ${result.fault}` : 'ok'} the contract on Nest ${version}: ${result.passed} tests`,
    )
    return result
  })
}

function countsOf(report, stderr) {
  try {
    const { numPassedTests: passed, numFailedTests: failed, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const faults = testResults.flatMap(({ message, assertionResults }) => [
      ...(message ? [message] : []),
      ...assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    ])
    return { passed, fault: failed || passed < 100 || faults.length ? faults.join('; ') || 'too few ran' : undefined }
  } catch {
    return { passed: 0, fault: stderr.slice(-500) }
  }
}
