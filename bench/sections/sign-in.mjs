// What auditing adds to a sign-in over HTTP (hooks, gate, two records, log), beside what pino-http adds (one line).
import { alternate, medianOf } from '../alternate.mjs'
import { median } from '../median.mjs'

export const title = 'A sign-in over HTTP'

const FRAMEWORKS = { express: 'Express', koa: 'Koa', nest: 'Nest' }

export async function measure(given) {
  for (const framework of Object.keys(FRAMEWORKS)) await measureOne(framework, given)
}

async function measureOne(framework, { dir, rounds, quick, say }) {
  const shop = (variant) => ['sign-in', { framework, variant, signIns: quick ? 2000 : 5000 }]
  const of = await alternate(
    { bare: shop('bare'), control: shop('bare'), audit: shop('audit'), pino: shop('pino-http') },
    { rounds, dir },
  )
  const added = (results, pick) => median(results.map((one, round) => pick(one) - pick(of.bare[round])))
  for (const [name, pick, budget] of [
    ['CPU', (one) => one.all, '≤ 0.5'],
    ['main-thread CPU', (one) => one.main],
  ]) {
    const [ours, pino, control] = [of.audit, of.pino, of.control].map((results) => added(results, pick))
    say(
      `${FRAMEWORKS[framework]}: ${name} that auditing adds to a sign-in, against what pino-http adds`,
      ours / pino,
      budget,
    )
    say('  added µs: audit, pino-http, nothing (A/A)', [ours, pino, control].map((us) => us.toFixed(0)).join(', '))
    say('  µs of a bare sign-in', medianOf(of.bare, pick).toFixed(0))
  }
  if (framework !== 'express') return
  const bytes = (key) => medianOf(of.audit, (one) => one[key])
  say('bytes of one sign-in (login.succeeded + session.created): lines', bytes('lineBytes').toFixed(0))
  say('  everything on disk (tiles, checkpoints of a busy log too)', bytes('diskBytes').toFixed(0))
  say('  GB for a million sign-ins a month', ((bytes('diskBytes') * 1e6) / 1e9).toFixed(2))
}
