// How a process ends, and what keeps it alive, while another thread writes its log.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { build } from '../../../../../test/crash/build.js'
import { acknowledged, count, removeFolders, run, written } from './support.js'

beforeAll(() => build(), 300_000)
afterEach(removeFolders)

test('a script that only awaits record() does not end early, and an idle audit keeps no process alive', async () => {
  const ran = await run(`
const audit = open()
await record(audit, 0)
await record(audit, 1, 'checkpointed')
await audit.flush()
tell(audit.health().log.thread)
`)
  expect(ran.code).toBe(0)
  expect(ran.told).toContain('worker')
  expect(acknowledged(ran)).toEqual([0, 1])
  expect(await written(ran)).toEqual([0, 1])
}, 60_000)

test.each([
  ['process.exit() with a queue', 'process.exit(0)', 0],
  ['an uncaught throw with a queue', `setImmediate(() => { throw new Error('a fault of the application') })`, 1],
  ['SIGTERM with a queue', `process.kill(process.pid, 'SIGTERM'); await sleep(10_000)`, null],
])(
  '%s: everything is written and signed',
  async (_, end, code) => {
    const ran = await run(`
const audit = open()
await audit.ready
for (let i = 0; i < 2000; i++) void audit.record({ event: 'invoice.exported', data: { i } }, { wait: 'queued' })
${end}
`)
    expect(ran.code).toBe(code)
    expect(await written(ran)).toEqual(count(2000))
  },
  60_000,
)

test('process.exit() before the log was opened writes what was recorded', async () => {
  const ran = await run(`
const audit = open({ keys: { dir: join(dir, '..', 'keys') } })
for (let i = 0; i < 20; i++) void audit.record({ event: 'invoice.exported', data: { i } }, { wait: 'queued' })
process.on('exit', () => {
  const seg = join(dir, 'shop-0', 'seg')
  tell({ lines: fs.readFileSync(join(seg, fs.readdirSync(seg)[0]), 'utf8').split('\\n').length - 1 })
})
process.exit(0)
`)
  // audit.started, twenty records, heartbeat, audit.stopped
  expect(ran.told).toEqual([{ lines: 23 }])
}, 60_000)

test('process.exit() with more than the shared memory holds writes all that was taken', async () => {
  const ran = await run(`
const audit = open({ limits: { queueBytes: 400_000 } })
for (let i = 0; i < 3000; i++)
  audit.record({ event: 'invoice.exported', data: { i } }, { wait: 'queued' }).catch(() => {})
tell(3000 - audit.health().dropped)
process.exit(0)
`)
  const [taken] = ran.told as unknown as [number]
  expect(taken).toBeGreaterThan(500)
  expect(await written(ran)).toEqual(count(taken))
}, 60_000)

test('a full queue drops by name and never blocks', async () => {
  const ran = await run(`
const audit = open({ limits: { queueBytes: 65_536 } })
await audit.ready
const all = []
for (let i = 0; i < 1000; i++)
  all.push(audit.record({ event: 'invoice.exported', data: { i } }, { wait: 'durable' }).then(() => 'durable', ({ code }) => code))
const ends = await Promise.all(all)
tell(['durable', 'TRAILPROOF_QUEUE_FULL'].map((end) => ends.filter((one) => one === end).length))
await audit.close()
`)
  const [durable, dropped] = ran.told.at(-1) as unknown as [number, number]
  expect(durable + dropped).toBe(1000)
  expect(durable).toBeGreaterThan(20)
  expect(dropped).toBeGreaterThan(100)
  expect(await written(ran)).toEqual(count(durable))
}, 60_000)

test('a failing disk does not keep a process alive for ever', async () => {
  const ran = await run(
    `
const audit = open()
await audit.ready
await audit.flush()
fs.writeFileSync(dir + '/fail', '')
void audit.record({ event: 'invoice.exported' }, { wait: 'queued' })
await until(() => audit.health().log.state === 'failing')
tell('failing')
`,
    {
      before: `calls('writeSync', (n, call) => {
  if (fs.existsSync(dir + '/fail')) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  return call()
})`,
    },
  )
  expect(ran.told).toContain('failing')
  expect(ran.code).toBe(0)
}, 60_000)

test('close() of a log that cannot be opened gives up, and tells everyone', async () => {
  const ran = await run(
    `
const audit = open()
void record(audit, 0)
await audit.close().catch(({ code }) => tell({ closing: code }))
`,
    { before: `calls('mkdirSync', () => { throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }) })` },
  )
  expect(ran.told).toHaveLength(2)
  expect(ran.told).toContainEqual({ closing: 'TRAILPROOF_FOLDER_UNWRITABLE' })
  expect(ran.told).toContainEqual(expect.objectContaining({ i: 0, code: 'TRAILPROOF_FOLDER_UNWRITABLE' }))
  expect(ran.code).toBe(0)
}, 60_000)

describe('where a thread cannot be had, the log runs in the main thread and says so', () => {
  const APP = (options: string) => `
const audit = open(${options})
await record(audit, 0)
tell(audit.health().log.thread)
await audit.close()
`

  test.each([
    ['option thread: false', '{ writer: { thread: false } }', {}, ''],
    ['the script is missing', '', { missing: true }, ''],
    [
      'threads are refused',
      '',
      {},
      `
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'
threads.Worker = class { constructor() { throw Object.assign(new Error('denied'), { code: 'ERR_ACCESS_DENIED' }) } }
syncBuiltinESMExports()
`,
    ],
  ])(
    '%s',
    async (_, options, thread, first) => {
      const ran = await run(`${first}${APP(options)}`, thread)
      expect(ran.stderr).toBe('')
      expect(ran.told).toContain('main')
      expect(acknowledged(ran)).toEqual([0])
      expect(await written(ran)).toEqual([0])
    },
    60_000,
  )
})
