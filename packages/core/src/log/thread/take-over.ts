// When the log's thread is lost, a log in the application's thread goes on where it stopped: nothing is written twice,
// nothing is left out.
import type { Head } from '../../writers/writer.js'
import type { Entry, Receipt } from '../entry.js'
import { Log, type LogOptions } from '../log.js'
import { asCheckpointError, asTrailproofError } from '../log-errors.js'
import { settle } from '../queue.js'
import { leafHashAt, type SentEntry, withBody } from './outbox.js'

/**
 * @param sent - what went to the thread and is not known to be durable, in order
 * @param origin - of the log that the thread wrote; undefined when it had opened none
 */
export function takeOver(options: LogOptions, sent: readonly SentEntry[], origin: string | undefined): Log {
  const log: Log = new Log({
    ...options,
    // Every line of this slot came through the thread, so one that recovery found is the one that was sent with its index.
    preamble: (head: Head, now: string) => {
      const isSame = now === origin && !head.previous
      const found = isSame ? sent.filter(({ index }) => index < head.size) : []
      for (const { entry, body, index } of found)
        settleFound(log, entry, { origin: origin!, index, leafHash: leafHashAt(index, body) })
      return [
        ...options.preamble(head, now),
        ...sent.slice(found.length).map(({ entry, body }) => withBody(entry, body)),
      ]
    },
  })
  return log
}

function settleFound(log: Log, entry: Entry, receipt: Receipt): void {
  if (entry.wait === 'durable') settle({ entry }, undefined, receipt)
  else
    log.checkpoint().then(
      () => settle({ entry }, undefined, receipt),
      (cause) => settle({ entry }, asCheckpointError(asTrailproofError(cause, 'the log was given up')), undefined),
    )
}
