// Runs one command and turns its end into an exit code: 0 good, 1 the finding is bad, 2 could not do it.
import { CommanderError } from 'commander'
import { describe, usageError } from './failure.js'
import { endQuietlyOnClosedPipe, print, printError } from './output.js'
import { buildProgram } from './program.js'
import { safe } from './terminal.js'

/**
 * Runs the command line; sets `process.exitCode` and never rejects.
 *
 * @param args - without node and script, as `process.argv.slice(2)`
 */
export async function main(args: string[]): Promise<void> {
  endQuietlyOnClosedPipe()
  try {
    process.exitCode = await run(args)
  } catch (error) {
    process.exitCode = 2
    const failure = describe(error)
    if (args.includes('--json')) print(`${JSON.stringify({ error: failure })}\n`)
    printError(
      `${failure.code}: ${failure.message
        .split('\n')
        .map((line) => safe(line, 1000))
        .join('\n')}\n`,
    )
  }
}

async function run(args: string[]): Promise<number> {
  let exitCode = 0
  const program = buildProgram((code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Help and version were asked for and have been printed; every other word of commander's is about a wrong call.
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    throw usageError(error)
  }
}
