// Makes a log of `count` sign-ins in `keep`, to be verified.
import { events } from '../event.mjs'
import { drained, input, openAudit, report, segmentBytes } from './audit.mjs'

const { keep, count } = input
const audit = await openAudit(keep)
for (let i = events.length; i < count; i++) {
  void audit.record(events[i % events.length], { wait: 'queued' })
  if (i % 1000 === 0) await drained(audit)
}
await audit.close()
report({ bytes: segmentBytes(keep) })
