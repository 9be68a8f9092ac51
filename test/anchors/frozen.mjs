// A service whose anchor shows, when it runs, a larger log under its own key: somebody has copied its folder and its keys.
// argv: core's index, a folder, milliseconds after which it ends itself once the anchor has shown it (or none).
import { cpSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const [core, dir, exitAfterMs] = process.argv.slice(2)
const { createAudit, fileWriter, memoryKeys, TrailproofError } = await import(core)
const keys = memoryKeys()
const open = (root, anchors) =>
  createAudit({
    service: 'shop',
    writer: fileWriter(join(root, 'audit')),
    keys,
    anchors,
    anchorEveryMs: 100,
    heartbeatEveryMs: 0,
    upkeep: false,
  })
const said = openSync(join(dir, 'said'), 'a') // a pipe may be full, and writing to a file is done when it returns
const say = (what) => writeSync(said, `${JSON.stringify(what)}\n`)

let origin
let note
const shown = () => note !== undefined
const anchor = {
  kind: 'test',
  name: 'elsewhere',
  async latest(asked) {
    if (!shown() || asked !== origin) return undefined
    if (exitAfterMs !== undefined) setTimeout(() => process.exit(), Number(exitAfterMs))
    return note
  },
  async publish(checkpoint) {
    if (shown() && checkpoint.origin === origin)
      throw new TrailproofError('TRAILPROOF_ANCHOR_CONFLICT', 'the anchor knows a larger log')
    return { files: [] }
  },
}

const audit = open(dir, [anchor])
origin = (await audit.ready).origin
let n = 0
const record = () =>
  audit.record({ event: 'admin.action', data: { n: n++ } }).then(
    ({ origin, index, leafHash }) => say({ origin, index, leafHash }),
    (error) => say({ failed: error.code }),
  )
await Promise.all(Array.from({ length: 200 }, record))
await audit.flush()
cpSync(join(dir, 'audit', 'shop-0'), join(dir, 'thief', 'audit', 'shop-0'), { recursive: true })
const thief = open(join(dir, 'thief'), [])
for (let i = 0; i < 300; i++) await thief.record({ event: 'login.failed' })
await thief.close()
process.on('exit', () => say({ made: n, health: audit.health() }))
const load = setInterval(() => {
  for (let i = 0; i < 5; i++) void record()
}, 1)
note = readFileSync(join(dir, 'thief', 'audit', 'shop-0', 'checkpoint'), 'utf8')
while (!existsSync(join(dir, 'audit', 'shop-0.e2', 'checkpoint'))) await new Promise((next) => setTimeout(next, 10))
clearInterval(load)
await audit.close()
