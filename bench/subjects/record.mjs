// Records events in bursts of 100 per turn of the event loop, and tells CPU, speed and size of the lines.
// wait: 'queued' is what a logger does; 'durable' has somebody wait for each receipt. `fresh`: sessions and tokens that were
// never seen before, as real sign-ins bring; otherwise those of the accounts return.

import { cpuClock, cpuSince } from '../cpu-time.mjs'
import { events } from '../event.mjs'
import { drained, input, nextTurn, openAudit, report, segmentBytes } from './audit.mjs'

const { dir, count, wait, fresh, warmUp = 20_000 } = input
const audit = await openAudit(dir)

let issued = 0
function neverSeen(i) {
  const event = events[i % events.length]
  const id = (issued++).toString(36).padStart(24, 'k')
  return { ...event, session: `session-${id}`, token: { ...event.token, jti: `jti-${id}` } }
}

async function flood(records) {
  const underWay = new Set()
  for (let i = 0; i < records; i++) {
    const receipt = audit.record(fresh ? neverSeen(i) : events[i % events.length], { wait })
    if (wait === 'durable') {
      underWay.add(receipt)
      receipt.then(() => underWay.delete(receipt))
    }
    if (i % 100 === 99) {
      await nextTurn()
      await drained(audit)
    }
  }
  await Promise.all(underWay)
  await audit.flush()
}

await flood(warmUp)
const bytesBefore = segmentBytes(dir)
const [begun, cpu] = [performance.now(), cpuClock()]
await flood(count)
const { main, all } = cpuSince(cpu, count)
const seconds = (performance.now() - begun) / 1000
const bytes = segmentBytes(dir) - bytesBefore
await audit.close()
report({ main, all, perSecond: count / seconds, seconds, bytes, lineBytes: bytes / count })
