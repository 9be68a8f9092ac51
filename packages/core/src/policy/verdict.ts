// How long to wait for the log, and what to say when it does not answer: the one place where policy becomes an answer.
import type { Verdict } from '../adapter.js'
import { TrailproofError } from '../errors.js'
import type { Answer, RecordEntry } from '../event/record-entry.js'
import type { Deadlines } from './deadlines.js'
import type { Policy } from './policy.js'

/**
 * Turns the log's answer into a verdict: `go` when the record is durable, or queued where policy asks for no more, or
 * when policy says to continue.
 *
 * @param failing the log was already known to fail when the record was queued: then nobody waits
 * @param onSlow told when the wait ended before the answer came
 */
export async function verdictOf(
  entry: RecordEntry,
  policy: Policy,
  failing: boolean,
  deadlines: Deadlines,
  onSlow: () => void,
): Promise<Verdict> {
  const otherwise: Verdict = policy.onFailure === 'refuse' ? 'refuse' : 'go'
  if (failing) return otherwise
  if (policy.wait === 'queued' && otherwise === 'go') return 'go'
  if (policy.wait === 'queued') return (await atOnce(entry)) instanceof TrailproofError ? otherwise : 'go'
  const answer = await new Promise<Answer | undefined>((resolve) =>
    onAnswer(entry, policy.waitAtMostMs, deadlines, resolve),
  )
  if (!answer) onSlow()
  return !answer || answer instanceof TrailproofError ? otherwise : 'go'
}

/** The log's answer if it is there already (the queue is full, the log is closed). */
async function atOnce(entry: RecordEntry): Promise<Answer | undefined> {
  await undefined // a closed log says so in a microtask of its own, queued before this one
  return entry.answer
}

/** Tells the log's answer, or undefined when it takes longer. */
export function onAnswer(
  entry: RecordEntry,
  ms: number,
  deadlines: Deadlines,
  told: (answer: Answer | undefined) => void,
): void {
  if (entry.answer) told(entry.answer)
  else {
    entry.waiter = told
    deadlines.add(ms, entry)
  }
}

/** The result itself, or `LATE` when it takes longer. */
export async function within<T>(result: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, ms, LATE)
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}

export const LATE = Symbol('late')
