// The most memory that a flood takes, and whether anything is lost without being counted.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alternate, medianOf } from '../alternate.mjs'
import { recordObjects } from '../event.mjs'

export const title = 'A flood'

export async function measure({ dir, quick, say }) {
  const count = quick ? 100_000 : 1_000_000
  const objectsFile = join(dir, 'objects.json')
  writeFileSync(objectsFile, JSON.stringify(await recordObjects()))
  const of = await alternate(
    {
      patient: ['flood', { count, patient: true }],
      careless: ['flood', { count, patient: false }],
      worker: ['pino', { mode: 'worker', count, objectsFile }],
    },
    { rounds: 1, dir },
  )
  const mb = (results, key = 'rssMb') => `${medianOf(results, (one) => one[key]).toFixed(0)} MB`
  const events = count.toLocaleString('en')
  const [careless] = of.careless
  say(`most memory (RSS) in a flood of ${events}, receipts awaited`, mb(of.patient), '≤ 150 MB')
  say(`  before the flood`, mb(of.patient, 'rssBeforeMb'))
  say(`  where nobody looks at the receipts`, mb(of.careless))
  say(`  pino’s worker transport, waiting for its drain`, mb(of.worker))
  say(
    `  receipts awaited: recorded, dropped and told, lost untold`,
    `${of.patient[0].recorded}, ${of.patient[0].dropped}, ${of.patient[0].uncounted}`,
  )
  say(
    `  nobody looks: recorded, dropped and told, lost untold`,
    `${careless.recorded}, ${careless.dropped}, ${careless.uncounted}`,
  )
  say('  nobody looks: most records queued', String(careless.queued))
}
