// The demo as a stranger runs it: a clone in an empty folder, the README's command, and a look at what it left behind.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'trailproof-clone-'))
const clone = join(folder, 'trailproof')
const dir = join(folder, 'logs')
try {
  must(
    spawnSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone], { stdio: 'inherit' }).status === 0,
    'the clone',
  )
  const demo = spawnSync('npm', ['run', 'demo', '--', '--once', '--dir', dir], {
    cwd: clone,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  must(
    demo.status === 0,
    `npm run demo -- --once ends with 0, not ${demo.status}:\n${demo.stdout?.slice(-4000)}${demo.stderr?.slice(-4000)}`,
  )
  must(demo.stdout.includes('Altered copy: rejected, and the record named.'), 'the demo shows its proof')
  const segments = readdirSync(join(dir, 'shop-0', 'seg'))
  const records = segments.flatMap((name) =>
    readFileSync(join(dir, 'shop-0', 'seg', name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )
  must(
    records.some(({ event }) => event === 'login.succeeded'),
    'the log folder is kept, with records',
  )
  const bin = join(clone, 'node_modules', '.bin', 'trailproof')
  must(existsSync(bin), 'npx trailproof is there')
  const verify = spawnSync(bin, ['verify', dir, '--key', join(dir, '.trailproof', 'signing.pub'), '--json'], {
    encoding: 'utf8',
  })
  const report = JSON.parse(verify.stdout)
  must(
    verify.status === 0 && report.ok && report.trust === 'key' && report.logs[0].size === records.length,
    'verify --json agrees',
  )
  const served = await serveUntilInterrupted()
  must(
    served.includes('Altered copy: rejected, and the record named.'),
    `the proof holds while the shop serves:\n${served.slice(-3000)}`,
  )
  must(served.includes('The shop keeps serving'), 'the shop keeps serving until Ctrl-C')
  must(
    spawnSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' }).stdout === '',
    'the clone is as clean as before',
  )
  console.log(`The demo left ${records.length} records that verify.`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The demo as a person leaves it: it serves, then Ctrl-C. */
async function serveUntilInterrupted() {
  const demo = spawn(process.execPath, ['scripts/demo.mjs'], { cwd: clone, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  demo.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
    if (text.includes('Ctrl-C')) demo.kill('SIGINT')
  })
  const timer = setTimeout(() => demo.kill('SIGKILL'), 120_000)
  await new Promise((resolve) => demo.on('close', resolve))
  clearTimeout(timer)
  return said
}

function must(holds, what) {
  if (holds) return
  console.error(`NOT TRUE: ${what}`)
  process.exit(1)
}
