// When the log's thread is lost, a log in the application's thread goes on where it stopped: nothing is written twice,
// nothing is left out.
import type { Head } from '../../writers/writer.js'
import type { Entry } from '../entry.js'
import { Log, type LogOptions } from '../log.js'
import { settle } from '../queue.js'
import { leafHashAt, type Outbox } from './outbox.js'

/**
 * @param outbox - entries sent to the thread and not known to be durable; emptied
 * @param origin - of the log that the thread wrote; undefined when it had opened none
 */
export function takeOver(options: LogOptions, outbox: Outbox, origin: string | undefined): Log {
  const sent: { entry: Entry; body: string; index: number }[] = []
  for (let next = outbox.takeBack(); next; next = outbox.takeBack()) sent.push(next)
  const log: Log = new Log({
    ...options,
    // Every line of this slot came through the thread, so one that recovery found is the one that was sent with its index.
    preamble: (head: Head, now: string) => {
      const isSame = now === origin && !head.previous
      const found = isSame ? sent.filter(({ index }) => index < head.size) : []
      for (const { entry, body, index } of found)
        settle({ entry }, undefined, { origin: origin!, index, leafHash: leafHashAt(index, body) })
      return [
        ...options.preamble(head, now),
        ...sent.slice(found.length).map(({ entry, body }) => withBody(entry, body)),
      ]
    },
  })
  return log
}

function withBody(entry: Entry, body: string): Entry {
  const { event, bytes, wait } = entry
  return { event, bytes, wait, body, settled: (error, receipt) => entry.settled(error, receipt) }
}
