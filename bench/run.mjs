// `npm run bench`: what the log costs, as ratios to what the same disk and the same bytes cost without it, in one run.
// Budgets of main-thread CPU against other loggers come with the issue that makes the log fast.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, root } from '../scripts/prepare.mjs'

prepare()
const { durableRate, acknowledgement } = await import('./durable.mjs')
const { signInCost } = await import('./sign-in.mjs')
const { verifyCost } = await import('./verify.mjs')

const rounds = Number(process.env.ROUNDS ?? 5)
const dir = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
try {
  const rows = []
  const say = (what, value) => {
    rows.push([what, value])
    console.log(`${what.padEnd(78)} ${value}`)
  }
  const size = await signInCost(join(dir, 'sign-in'), { signIns: 2000 })
  say('bytes of one sign-in (login.succeeded + session.created), lines', size.lineBytes.toFixed(0))
  say('bytes of one sign-in, everything on disk (tiles, checkpoints of a busy log too)', size.diskBytes.toFixed(0))
  say('GB for a million sign-ins a month', ((size.diskBytes * 1e6) / 1e9).toFixed(2))
  say('added CPU of an audited sign-in over one that is not, hooks, gate and log, µs', size.addedMicros.toFixed(0))
  say('  the same, unaudited against itself (A/A), µs', size.controlMicros.toFixed(0))
  const rate = await durableRate(join(dir, 'rate'), { rounds })
  say(
    'durable events/s, against raw 64 KiB appends + fdatasync of the same bytes (budget ≥ 0.7)',
    `${rate.ratio.toFixed(2)} ×`,
  )
  const ack = await acknowledgement(join(dir, 'ack'), { rounds })
  say(
    'durable acknowledgement p50 at 1,000/s, against one bare append + fdatasync (budget ≤ 2)',
    `${ack.ratio.toFixed(2)} ×`,
  )
  const verify = await verifyCost(join(dir, 'verify'), { records: Number(process.env.RECORDS ?? 1_000_000), rounds: 3 })
  say(
    `verify of ${verify.records} records, against openssl dgst -sha256 of the same bytes (budget ≤ 6)`,
    `${verify.ratio.toFixed(2)} ×`,
  )
  writeResults(rows)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

function writeResults(rows) {
  const version = (command, ...args) =>
    spawnSync(command, args, { encoding: 'utf8' }).stdout?.trim().split('\n')[0] ?? 'absent'
  const table = rows.map(([what, value]) => `| ${what.trim()} | ${value} |`).join('\n')
  const commit = version('git', '-C', root, 'rev-parse', '--short', 'HEAD')
  writeFileSync(
    join(root, 'bench', 'RESULTS.md'),
    `# Bench results

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, at commit ${commit} and what was not committed then.
${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.version}, ${version('openssl', 'version')}, medians of ${rounds} rounds (verify: 3).
Read ratios, not absolutes: machines are noisy, and this one is shared.

| what | measured |
|---|---|
${table}

Not measured yet: CPU against pino and pino-http, two-thread verify, memory of a flood, 100 to 50,000/s (they belong to the
issue that makes the log fast). The log runs on the main thread in this version.
`,
  )
}
