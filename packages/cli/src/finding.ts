// Some errors of core are findings: the command did its work, and what it looked at is not as it should be. Exit 1, not 2.
import { type ErrorCode, isTrailproofError } from '@trailproof/core'
import { describe } from './failure.js'
import { print, printJson } from './output.js'
import { safe } from './terminal.js'

const FINDINGS: readonly ErrorCode[] = [
  'TRAILPROOF_LOG_CORRUPT',
  'TRAILPROOF_CHECKPOINT_CORRUPT',
  'TRAILPROOF_TILES_CHANGED',
]

/** Runs `work`; tells a finding as the command's answer. What could not be done is still thrown. */
export async function tellFinding(json: boolean | undefined, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!FINDINGS.some((code) => isTrailproofError(error, code))) throw error
    process.exitCode = 1 // before a word is printed: whoever closes the pipe early still learns it
    const problem = describe(error)
    if (json) await printJson({ ok: false, problem })
    else await print(`NOT OK: ${problem.code}: ${safe(problem.message, 600)}\n`)
    return 1
  }
}
