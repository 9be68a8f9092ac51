// CPU per recorded event, beside pino with the same information.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alternate, medianOf, ratioOf } from '../alternate.mjs'
import { mainThreadClock } from '../cpu-time.mjs'
import { recordObjects } from '../event.mjs'

export const title = 'CPU per event'

export async function measure({ dir, rounds, quick, say }) {
  const count = quick ? 50_000 : 200_000
  const objectsFile = join(dir, 'objects.json')
  writeFileSync(objectsFile, JSON.stringify(await recordObjects()))
  const pino = (mode) => ['pino', { mode, count, objectsFile }]
  const of = await alternate(
    {
      queued: ['record', { count, wait: 'queued' }],
      again: ['record', { count, wait: 'queued' }],
      fresh: ['record', { count, wait: 'queued', fresh: true }],
      durable: ['record', { count, wait: 'durable' }],
      worker: pino('worker'),
      control: pino('worker'),
      async: pino('async'),
      sync: pino('sync'),
    },
    { rounds, dir },
  )
  say('bytes of a line: ours, pino’s', `${bytesOf(of.queued)}, ${bytesOf(of.worker)}`)
  if (mainThreadClock !== 'schedstat') say('main-thread CPU is read from', mainThreadClock)
  for (const [name, key] of [
    ['main-thread', 'main'],
    ['whole-process', 'all'],
  ]) {
    const cpu = (one) => one[key]
    const micros = (results) => `${medianOf(results, cpu).toFixed(2)} µs`
    say(`${name} CPU per event, against pino’s worker transport`, ratioOf(of.queued, of.worker, cpu), BUDGETS[key])
    say(`  the same, each receipt awaited (durable)`, ratioOf(of.durable, of.worker, cpu))
    say('  the same, sessions and tokens never seen before', ratioOf(of.fresh, of.worker, cpu))
    say(`  against pino sync: false`, ratioOf(of.queued, of.async, cpu))
    say(`  against pino sync: true`, ratioOf(of.queued, of.sync, cpu))
    say(`  A/A: pino’s worker transport against itself`, ratioOf(of.control, of.worker, cpu))
    say(`  A/A: ours against itself`, ratioOf(of.again, of.queued, cpu))
    say(`  µs: ours, ours awaited, pino worker`, [of.queued, of.durable, of.worker].map(micros).join(', '))
  }
  const speed = (one) => one.perSecond
  say('events/s until all are durable, against pino’s worker transport (written)', ratioOf(of.queued, of.worker, speed))
}

const BUDGETS = { main: '≤ 0.3', all: '≤ 0.6' }
const bytesOf = (results) => medianOf(results, (one) => one.lineBytes).toFixed(0)
