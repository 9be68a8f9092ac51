// Time from record() to its durable receipt, at a steady rate; without `audit`, of one append + fdatasync at that rate.
// Above 1,000/s the events of one millisecond come together, as the timers of Node allow no finer rhythm.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { events } from '../event.mjs'
import { percentile } from '../median.mjs'
import { input, openAudit, report } from './audit.mjs'

const { dir, rate, seconds, bare, lineBytes } = input
const one = bare ? bareAppend() : await recording()
await paced(one, Math.min(rate, 1000)) // warms up
const begun = performance.now()
const times = await paced(one, rate * seconds)
const perSecond = (times.length * 1000) / (performance.now() - begun)
report({ p50: percentile(times, 0.5), p99: percentile(times, 0.99), perSecond })
process.exit(0) // the folder is removed as a whole

async function recording() {
  // Where the log cannot keep up, the wait is the figure: nothing is dropped.
  const audit = await openAudit(dir, { limits: { queueBytes: 2 ** 29, queueRecords: 1_000_000 } })
  return (i) => audit.record(events[i % events.length], { wait: 'durable' })
}

function bareAppend() {
  const fd = openSync(join(dir, 'bare'), 'a')
  process.once('exit', () => closeSync(fd))
  const line = Buffer.alloc(lineBytes, 'x')
  return async () => {
    writeSync(fd, line)
    fdatasyncSync(fd)
  }
}

async function paced(act, count) {
  const times = []
  const running = new Set()
  const start = performance.now()
  for (let i = 0; i < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - start) * rate) / 1000) + 1)
    for (; i < due; i++) {
      const begun = performance.now()
      const done = act(i).then(() => {
        times.push(performance.now() - begun)
        running.delete(done)
      })
      running.add(done)
    }
    const wait = start + (i * 1000) / rate - performance.now()
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)))
  }
  await Promise.all(running)
  return times
}
