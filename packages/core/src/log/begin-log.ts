// Where the log runs: in a thread of its own if the writer, the key and the runtime allow it, else in the caller's.
import { threadFile } from '../thread-file.js'
import { Log, type LogOptions } from './log.js'
import { type AnyLog, ThreadedLog } from './thread/threaded-log.js'

export type { AnyLog } from './thread/threaded-log.js'

export function beginLog(options: LogOptions): AnyLog {
  const shared = options.lease.share?.()
  const { privateKey } = options.key
  // A log that is being handed over, or whose key is in another place, talks with the owner of the key: it stays here.
  const file = shared && privateKey && !options.previousKey && threadFile('./log/thread/main.js')
  if (!file) return new Log(options)
  try {
    return new ThreadedLog({ ...options, file, shared, privateKey })
  } catch {
    return new Log(options) // threads are not allowed here; health() says where the log runs
  }
}
