// What went wrong, as code, message and hint; for people and, with --json, for machines.
import { isTrailproofError } from '@trailproof/core'
import type { CommanderError } from 'commander'

export interface Failure {
  code: string
  message: string
  hint?: string
}

/** A wrong call of the command line. */
export function usageError({ message }: CommanderError): Failure {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ')
  const usage = message === '(outputHelp)' ? 'no command was given' : text
  return { code: 'TRAILPROOF_OPTION_INVALID', message: usage, hint: 'see trailproof --help' }
}

/** Any error that a command ended with. The system's own (EACCES, EIO) name the path; they have no code of ours. */
export function describe(error: unknown): Failure {
  if (isTrailproofError(error))
    return { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }
  if (isFailure(error)) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== undefined)
    return {
      code: 'TRAILPROOF_LOG_UNREADABLE',
      message: String(message),
      hint: 'look at the permissions of the folder',
    }
  return {
    code: 'TRAILPROOF_INTERNAL',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: 'this is a fault of trailproof: please report it',
  }
}

const isFailure = (error: unknown): error is Failure =>
  typeof error === 'object' && error !== null && !(error instanceof Error) && 'code' in error && 'message' in error
