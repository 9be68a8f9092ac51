// From record() to the durable receipt, at four rates, beside one bare append + fdatasync.
import { alternate, medianOf, ratioOf } from '../alternate.mjs'

export const title = 'Durable acknowledgement'

const RATES = [100, 1000, 10_000, 50_000]

export async function measure({ dir, rounds, quick, say }) {
  const seconds = quick ? 2 : 5
  const bare = { bare: true, rate: 1000, seconds, lineBytes: 700 }
  const of = await alternate(
    {
      bare: ['acknowledge', bare],
      control: ['acknowledge', bare],
      ...Object.fromEntries(RATES.map((rate) => [rate, ['acknowledge', { rate, seconds }]])),
    },
    { rounds, dir },
  )
  const p50 = (one) => one.p50
  const p99 = (one) => one.p99
  const ms = (results) => `${medianOf(results, p50).toFixed(2)} / ${medianOf(results, p99).toFixed(2)} ms`
  for (const rate of RATES) {
    const budget = rate === 1000 ? '≤ 2' : undefined
    say(
      `durable receipt p50 at ${rate}/s, against one bare append + fdatasync`,
      ratioOf(of[rate], of.bare, p50),
      budget,
    )
    say(`  p99, against the bare p99`, ratioOf(of[rate], of.bare, p99))
    const reached = medianOf(of[rate], (one) => one.perSecond)
    say(`  p50 / p99${reached < rate * 0.9 ? ` (kept up with ${reached.toFixed(0)}/s only)` : ''}`, ms(of[rate]))
  }
  say('  A/A: the bare append against itself, p50', ratioOf(of.control, of.bare, p50))
  say('  the bare append, p50 / p99', ms(of.bare))
}
