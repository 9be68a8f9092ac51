// A flood, and the most memory it took. `patient`: at most 1,000 receipts are awaited at a time. Otherwise nobody looks at
// the receipts of 20,000 in one turn: the queue must stay bounded, and what finds no room must be counted.
import { events } from '../event.mjs'
import { input, nextTurn, openAudit, report } from './audit.mjs'

const { dir, count, patient } = input
const audit = await openAudit(dir)
const before = recordedSoFar()
const rssBefore = process.memoryUsage.rss()
let queued = 0
for (let i = 0; i < count; ) {
  const batch = []
  for (const end = Math.min(count, i + (patient ? 1000 : 20_000)); i < end; i++)
    batch.push(audit.record(events[i % events.length], patient ? { wait: 'durable' } : undefined))
  if (patient) await Promise.all(batch)
  else await nextTurn()
  queued = Math.max(queued, audit.health().log.queuedRecords)
}
await audit.flush()
const { dropped } = audit.health()
const recorded = recordedSoFar() - before
await audit.close()
const mb = (bytes) => bytes / 2 ** 20
report({
  rssMb: process.resourceUsage().maxRSS / 1024,
  rssBeforeMb: mb(rssBefore),
  recorded,
  dropped,
  uncounted: count - recorded - dropped,
  queued,
})

function recordedSoFar() {
  return audit.health().counts.app?.recorded ?? 0
}
