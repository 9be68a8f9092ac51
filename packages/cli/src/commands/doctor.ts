// `trailproof doctor`
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keyChecks } from '@trailproof/core'
import type { Check } from '../doctor/check.js'
import { coverageChecks, coverageOf } from '../doctor/coverage.js'
import { logChecks } from '../doctor/logs.js'
import { machineChecks } from '../doctor/machine.js'
import { projectChecks } from '../doctor/project.js'
import { print, printJson } from '../output.js'
import { column, safe } from '../terminal.js'

export interface DoctorOptions {
  keys?: string
  json?: boolean
}

export async function doctor(path: string, { keys, json }: DoctorOptions): Promise<number> {
  const covered = await coverageOf(path)
  const checks = [
    ...machineChecks(path),
    ...keyChecks(keys ?? keysBeside(path)),
    ...(await logChecks(path)),
    ...coverageChecks(covered),
    ...projectChecks(path, covered),
  ]
  const ok = checks.every(({ status }) => status !== 'fail')
  process.exitCode = ok ? 0 : 1
  if (json) await printJson({ ok, checks })
  else await print(checks.map(readable).join(''))
  return ok ? 0 : 1
}

const DEFAULT_KEYS = '.trailproof'

/** Commands are often given from elsewhere than where the application runs. */
export function keysBeside(path: string): string {
  const beside = join(path, DEFAULT_KEYS)
  return !existsSync(DEFAULT_KEYS) && existsSync(beside) ? beside : DEFAULT_KEYS
}

function readable({ id, status, detail, fix, log }: Check): string {
  const line = `${column(status, 4)}  ${column(id, 10)}  ${log === undefined ? '' : `${safe(log)}: `}${safe(detail, 400)}\n`
  return fix === '' ? line : `${line}${' '.repeat(18)}-> ${safe(fix, 400)}\n`
}
