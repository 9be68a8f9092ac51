// `npm run bench`: what the log costs, as ratios to pino and to bare system calls on the same machine in the same run.
//
//   npm run bench -- [--quick] [--only cpu,durable,ack,flood,verify,sign-in] [--rounds N] [--records N]
//
// A whole run, not a partial one, writes bench/RESULTS.md, with the command that made it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepare, root } from '../scripts/prepare.mjs'

const SECTIONS = ['cpu', 'durable', 'ack', 'flood', 'verify', 'sign-in']
const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: SECTIONS.join(',') },
    rounds: { type: 'string' },
    records: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
})
const only = given.only.split(',')
for (const name of only) if (!SECTIONS.includes(name)) throw new Error(`no section ${name}; there are ${SECTIONS}`)
const rounds = Number(given.rounds ?? (given.quick ? 3 : 5))
const records = given.records === undefined ? undefined : Number(given.records)

if (!given['no-build']) prepare()
const dir = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
const rows = []
try {
  for (const section of SECTIONS.filter((name) => only.includes(name))) {
    const { title, measure } = await import(`./sections/${section}.mjs`)
    console.log(`\n${title}`)
    rows.push([title])
    await measure({ dir, rounds, quick: given.quick, records, say })
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
if (only.length === SECTIONS.length) writeResults()

/** @param value - a number is a ratio */
function say(what, value, budget = '') {
  const shown = typeof value === 'number' ? `${value.toFixed(2)} ×` : value
  rows.push([what, shown, budget])
  console.log(`${what.padEnd(80)} ${shown.padEnd(12)} ${budget && `budget ${budget}`}`)
}

function writeResults() {
  const version = (command, ...args) =>
    spawnSync(command, args, { encoding: 'utf8' }).stdout?.trim().split('\n')[0] ?? 'absent'
  const table = rows
    .map(([what, value, budget]) =>
      value === undefined
        ? `| **${what}** | | |`
        : `| ${what.startsWith(' ') ? `… ${what.trim()}` : what} | ${value} | ${budget} |`,
    )
    .join('\n')
  const commit = version('git', '-C', root, 'rev-parse', '--short', 'HEAD')
  const command = ['npm run bench', ...process.argv.slice(2)].join(' ')
  writeFileSync(
    join(root, 'bench', 'RESULTS.md'),
    `# Bench results

Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, at commit ${commit} and what was not committed then.
${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.version}, ${version('openssl', 'version')}, pino ${packageVersion('pino')},
pino-http ${packageVersion('pino-http')}; medians of ${rounds} rounds, in which each variant ran once, in a process of its own.
Read ratios, not absolutes: machines are noisy. A/A rows measure a thing against itself: what they are off 1 is noise.

| what | measured | budget |
|---|---|---|
${table}
`,
  )
}

function packageVersion(name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version
}
