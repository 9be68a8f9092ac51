// Opens an audit as an application would, and knows how to wait for it; shared by the subjects that record.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createAudit, fileWriter, memoryKeys } from '../../packages/core/dist/esm/index.js'
import { events } from '../event.mjs'

/** An audit in `dir`, patient with a slow disk, otherwise with the default options; every account of the event has been seen once. */
export async function openAudit(dir, more = {}) {
  const audit = createAudit({
    service: 'bench',
    writer: fileWriter(dir),
    keys: memoryKeys(),
    heartbeatEveryMs: 0,
    policy: [{ events: '*', waitAtMostMs: 300_000 }],
    ...more,
  })
  await audit.ready
  await Promise.all(events.map((event) => audit.record(event, { wait: 'durable' })))
  return audit
}

const HIGH_WATER = 20_000

/** Back-pressure of whoever does not await receipts: rests while too much is queued. */
export async function drained(audit) {
  while (audit.health().log.queuedRecords > HIGH_WATER) await new Promise((resolve) => setTimeout(resolve, 1))
}

export const nextTurn = () => new Promise(setImmediate)

/** Bytes of all segments of the log in `dir`. */
export function segmentBytes(dir) {
  const seg = join(dir, 'bench-0', 'seg')
  return readdirSync(seg).reduce((sum, name) => sum + statSync(join(seg, name)).size, 0)
}

export const report = (result) => console.log(JSON.stringify(result))
export const input = JSON.parse(process.argv[2])
