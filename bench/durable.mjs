// Durable throughput and acknowledgement of the log, each beside the bare system calls on the same disk, in turns.
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createAudit, fileWriter, memoryKeys } from '../packages/core/dist/esm/index.js'
import { median } from './median.mjs'

const EVENTS = 50_000
const event = (i) => ({
  event: 'login.succeeded',
  claimed: `user-${i % 500}@shop.example`,
  actor: { id: i % 500 },
  auth: { method: 'password' },
})
const open = async (dir) => {
  const audit = createAudit({
    service: 'bench',
    writer: fileWriter(dir),
    keys: memoryKeys(),
    heartbeatEveryMs: 0,
    policy: [{ events: '*', waitAtMostMs: 60_000 }],
    limits: { queueBytes: 2 ** 28, queueRecords: 1_000_000 },
  })
  await audit.ready
  return audit
}

/** Events made durable per second when they come as fast as they can, and raw appends of the same bytes. */
export async function durableRate(dir, { rounds }) {
  const ratios = []
  for (let round = 0; round <= rounds; round++) {
    const audit = await open(join(dir, `log-${round}`))
    const begun = performance.now()
    for (let i = 0; i < EVENTS; i++) {
      void audit.record(event(i), { wait: 'queued' })
      if (i % 100 === 99) await new Promise(setImmediate)
    }
    await audit.flush()
    const ours = performance.now() - begun
    await audit.close()
    const bytes = statSync(join(dir, `log-${round}`, 'bench-0', 'seg', '00000000000000000000.jsonl')).size
    const raw = rawAppends(join(dir, 'raw'), bytes)
    if (round > 0) ratios.push(raw / ours) // the first round warms up
    rmSync(dir, { recursive: true, force: true })
  }
  return { ratio: median(ratios) }
}

function rawAppends(dir, bytes) {
  mkdirSync(dir, { recursive: true })
  const fd = openSync(join(dir, 'raw'), 'w')
  const block = Buffer.alloc(65_536, 'x')
  const begun = performance.now()
  for (let left = bytes; left > 0; left -= block.length) {
    writeSync(fd, block, 0, Math.min(left, block.length))
    fdatasyncSync(fd)
  }
  closeSync(fd)
  return performance.now() - begun
}

/** Time from record() to its receipt at 1,000 events a second, and of one append + fdatasync in the same rhythm. */
export async function acknowledgement(dir, { rounds }) {
  const ratios = []
  for (let round = 0; round <= rounds; round++) {
    const audit = await open(join(dir, `log-${round}`))
    const ours = await paced((i) => audit.record(event(i), { wait: 'durable' }))
    await audit.close()
    mkdirSync(dir, { recursive: true })
    const fd = openSync(join(dir, 'bare'), 'w')
    const line = Buffer.alloc(700, 'x')
    const bare = await paced(async () => {
      writeSync(fd, line)
      fdatasyncSync(fd)
    })
    closeSync(fd)
    if (round > 0) ratios.push(median(ours) / median(bare))
    rmSync(dir, { recursive: true, force: true })
  }
  return { ratio: median(ratios) }
}

/** Calls `one` a thousand times, one every millisecond, and waits for all. */
async function paced(one) {
  const times = []
  const running = []
  const start = performance.now()
  for (let i = 0; i < 1000; i++) {
    while (performance.now() < start + i) await new Promise(setImmediate)
    const begun = performance.now()
    running.push(Promise.resolve(one(i)).then(() => times.push(performance.now() - begun)))
  }
  await Promise.all(running)
  return times
}
