// `trailproof doctor`
import type { Check } from '../doctor/check.js'
import { keyChecks } from '../doctor/keys.js'
import { logChecks } from '../doctor/logs.js'
import { machineChecks } from '../doctor/machine.js'
import { print, printJson } from '../output.js'
import { column, safe } from '../terminal.js'

export interface DoctorOptions {
  keys: string
  json?: boolean
}

export async function doctor(path: string, { keys, json }: DoctorOptions): Promise<number> {
  const checks = [...machineChecks(path), ...keyChecks(keys), ...(await logChecks(path))]
  const ok = checks.every(({ status }) => status !== 'fail')
  process.exitCode = ok ? 0 : 1
  if (json) await printJson({ ok, checks })
  else await print(checks.map(readable).join(''))
  return ok ? 0 : 1
}

function readable({ id, status, detail, fix, log }: Check): string {
  const line = `${column(status, 4)}  ${column(id, 10)}  ${log === undefined ? '' : `${safe(log)}: `}${safe(detail, 400)}\n`
  return fix === '' ? line : `${line}${' '.repeat(18)}-> ${safe(fix, 400)}\n`
}
