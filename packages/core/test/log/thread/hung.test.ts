// A disk that does not answer keeps neither requests nor the process waiting for ever.
import { afterEach, beforeAll, expect, test } from 'vitest'
import { build } from '../../../../../test/crash/build.js'
import { acknowledged, count, removeFolders, run, written } from './support.js'

beforeAll(() => build(), 300_000)
afterEach(removeFolders)

/** The sync of lines hangs while a file `hang` stands beside the log. */
const HANGING = `calls('fdatasyncSync', (n, call) => {
  while (fs.existsSync(dir + '/hang')) wait(5)
  return call()
})`
const IMPATIENT = `{ policy: [{ events: '*', waitAtMostMs: 300, onFailure: 'refuse' }] }`

test('a hanging sync makes the log stalled and refuses, and all is written once it answers', async () => {
  const ran = await run(
    `
const audit = open(${IMPATIENT})
await audit.ready
await audit.flush()
fs.writeFileSync(dir + '/hang', '')
const first = audit.record({ event: 'invoice.exported', data: { i: 0 } }).catch(({ code, status }) => tell({ code, status }))
await until(() => audit.health().log.state === 'stalled')
await first
const { status, problems } = audit.health()
tell({ status, codes: problems.map(({ code }) => code) })
const begun = performance.now()
await audit.record({ event: 'invoice.exported', data: { i: 1 } }).catch(({ code, status }) => tell({ code, status }))
tell({ atOnce: performance.now() - begun < 250 })
fs.rmSync(dir + '/hang')
await until(() => audit.health().status === 'green' && audit.health().log.queuedRecords === 0)
tell({ thread: audit.health().log.thread, state: audit.health().log.state })
await audit.close()
`,
    { before: HANGING },
  )
  const refused = { code: 'TRAILPROOF_REFUSED', status: 503 }
  expect(ran.told.slice(1)).toEqual([
    refused,
    { status: 'red', codes: ['TRAILPROOF_WRITE_TIMEOUT'] },
    refused,
    { atOnce: true },
    { thread: 'worker', state: 'writing' },
  ])
  expect(await written(ran)).toEqual([0, 1])
}, 60_000)

test('process.exit() with a hanging disk ends in its time', async () => {
  const ran = await run(
    `
const audit = open(${IMPATIENT})
await audit.flush()
fs.writeFileSync(dir + '/hang', '')
audit.record({ event: 'invoice.exported' }, { wait: 'queued' })
await sleep(50)
tell(performance.now())
process.on('exit', () => {
  tell(performance.now())
  fs.rmSync(dir + '/hang')
})
process.exit(0)
`,
    { before: HANGING },
  )
  const [begun, ended] = ran.told.slice(1) as unknown as [number, number]
  expect(ran.code).toBe(0)
  expect(ended - begun).toBeGreaterThan(200)
  expect(ended - begun).toBeLessThan(10_000)
}, 60_000)

test('a thread that never answers while it opens: the process ends in its time', async () => {
  const before = `while (!fs.existsSync(dir + '/go')) wait(20)`
  const ran = await run(
    `
const audit = open()
void record(audit, 0)
process.on('exit', () => {
  tell(performance.now())
  fs.writeFileSync(dir + '/go', '')
})
tell(performance.now())
process.exit(0)
`,
    { before },
  )
  const [begun, ended] = ran.told.filter((one) => typeof one === 'number') as unknown as [number, number]
  expect(ended - begun).toBeGreaterThan(1500)
  expect(ended - begun).toBeLessThan(15_000)
  expect(ran.code).toBe(0)
}, 60_000)

test('a blocked event loop: what was recorded before is durable meanwhile', async () => {
  const ran = await run(`
import { spawnSync } from 'node:child_process'
const audit = open()
await record(audit, 0)
for (let i = 1; i <= 20; i++) void record(audit, i)
await undefined
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
const seg = join(dir, 'shop-0', 'seg')
const lines = fs.readFileSync(join(seg, fs.readdirSync(seg)[0]), 'utf8').split('\\n')
tell({ there: lines.filter((line) => line.includes('invoice.exported')).length })
await audit.close()
`)
  // Read in the very turn of the event loop that recorded them.
  expect(ran.told).toContainEqual({ there: 21 })
  expect(acknowledged(ran)).toEqual(count(21))
}, 60_000)
