// What has to be said goes to stderr, one line each, with a code: nobody else is there who could hear it.
import { writeSync } from 'node:fs'
import { isTrailproofError, type TrailproofError } from '@trailproof/core'
import { quietly } from '@trailproof/core/adapter'

/** Written at once: the process may be about to end. */
export function say(error: unknown, then: string): void {
  const code = isTrailproofError(error) ? (error as TrailproofError).code : 'TRAILPROOF_INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  // What errors quote may come from anywhere; a line stays a line.
  const line = `trailproof: ${code}: ${message}; ${then}`.replaceAll(/\p{Cc}+/gu, ' ')
  quietly(() => writeSync(2, `${line.slice(0, 2000)}\n`))
}

export const UNAUDITED = 'the application runs without an audit'
