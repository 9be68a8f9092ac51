// How long to wait for the log, and what to say when it does not answer: the one place where policy becomes an answer.
import type { Verdict } from '../adapter.js'
import { TrailproofError } from '../errors.js'
import type { Policy } from './policy.js'

/**
 * Turns the log's answer into a verdict: `go` when the record is durable, or queued where policy asks for no more, or
 * when policy says to continue.
 *
 * @param failing the log was already known to fail when the record was queued: then nobody waits
 * @param onSlow told when the wait ended before the answer came
 */
export async function verdictOf<T>(
  answer: Promise<T | TrailproofError>,
  policy: Policy,
  failing: boolean,
  onSlow: () => void,
): Promise<Verdict> {
  const otherwise: Verdict = policy.onFailure === 'refuse' ? 'refuse' : 'go'
  if (failing) return otherwise
  if (policy.wait === 'queued' && otherwise === 'go') return 'go'
  if (policy.wait === 'queued') return (await atOnce(answer)) instanceof TrailproofError ? otherwise : 'go'
  const result = await within(answer, policy.waitAtMostMs)
  if (result === LATE) onSlow()
  return result === LATE || result instanceof TrailproofError ? otherwise : 'go'
}

/** The answer if it is there already (the queue is full, the log is closed), or `LATE`. */
export function atOnce<T>(answer: Promise<T>): Promise<T | typeof LATE> {
  return Promise.race([answer, new Promise<typeof LATE>((resolve) => setImmediate(resolve, LATE))])
}

/** The answer itself, or `LATE` when it takes longer. */
export async function within<T>(answer: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, ms, LATE)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

export const LATE = Symbol('late')
