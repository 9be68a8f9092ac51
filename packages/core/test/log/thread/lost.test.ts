// A log thread that dies, at any moment: the log goes on in the application's thread, and nothing that was acknowledged is
// lost, nothing is written twice, everyone is told exactly once.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { build } from '../../../../../test/crash/build.js'
import { acknowledged, count, removeFolders, run, written } from './support.js'

beforeAll(() => build(), 300_000)
afterEach(removeFolders)

const RECORD_200 = `
const audit = open()
for (let i = 0; i < 200; i++) {
  const one = record(audit, i, i % 10 === 9 ? 'checkpointed' : 'durable')
  if (i % 20 === 19) await one
}
await audit.flush()
const { thread, state, lastError } = audit.health().log
tell({ thread, state, lastError: lastError?.code, status: audit.health().status })
await audit.close()
`

describe.each([
  [
    'throws before the first sync of lines',
    `calls('fdatasyncSync', (n, call) => { if (n > 10) throw die(); return call() })`,
  ],
  [
    'ends with lines written and not synced',
    `calls('fdatasyncSync', (n, call) => { if (n === 14) process.exit(7); return call() })`,
  ],
  [
    'ends with lines synced and not told',
    `calls('fdatasyncSync', (n, call) => { call(); if (n === 15) process.exit(7) })`,
  ],
  [
    'ends in the middle of a line',
    `calls('writeSync', (n, call, fd, bytes, from, length, at) => {
    if (n === 9) { call2(fd, bytes, from, length >> 1, at); process.exit(7) }
    return call()
  })`,
  ],
])('a thread that %s', (_, fault) => {
  test('is followed by a log in the main thread with every line, once', async () => {
    const prelude = `const call2 = fs.writeSync
const die = () => { setImmediate(() => { throw new Error('a fault of the thread') }); return new Error('EIO') }\n`
    const ran = await run(RECORD_200, { before: prelude + fault })
    expect(ran.told.filter((one) => one['warning'])).toEqual([{ warning: 'TRAILPROOF_THREAD_LOST' }])
    expect(ran.told.at(-1)).toEqual({
      thread: 'main',
      state: 'writing',
      lastError: 'TRAILPROOF_THREAD_LOST',
      status: 'green',
    })
    expect(acknowledged(ran).sort((a, b) => a - b)).toEqual(count(200))
    expect(await written(ran)).toEqual(count(200))
  }, 60_000)
})

test.each([
  ['throws as it begins', `throw new Error('cannot begin')`],
  ['dies while the log is opened', `calls('mkdirSync', () => process.exit(7))`],
])(
  'a thread that %s is replaced before anyone notices',
  async (_, before) => {
    const ran = await run(RECORD_200, { before })
    expect(ran.told.at(-1)).toMatchObject({ thread: 'main', state: 'writing', lastError: 'TRAILPROOF_THREAD_LOST' })
    expect(acknowledged(ran).sort((a, b) => a - b)).toEqual(count(200))
    expect(await written(ran)).toEqual(count(200))
  },
  60_000,
)

test('a thread that is terminated from outside is replaced, and the log can be closed', async () => {
  const ran = await run(`
let worker
process.on('worker', (one) => { worker = one })
const audit = open()
for (let i = 0; i < 100; i++) {
  const one = record(audit, i)
  if (i === 50) void worker.terminate()
  if (i % 10 === 9) await one
}
await audit.close()
`)
  expect(acknowledged(ran).sort((a, b) => a - b)).toEqual(count(100))
  expect(await written(ran)).toEqual(count(100))
}, 60_000)

test('a thread that dies while the log is closed: close resolves with everything written', async () => {
  const ran = await run(
    `
const audit = open()
await record(audit, 0)
for (let i = 1; i < 50; i++) void record(audit, i, 'checkpointed')
await audit.close()
tell('closed')
`,
    {
      before: `calls('renameSync', (n, call, from, to) => { if (n > 3 && to.endsWith('checkpoint')) process.exit(7); return call() })`,
    },
  )
  expect(ran.told).toContain('closed')
  expect(acknowledged(ran).sort((a, b) => a - b)).toEqual(count(50))
  expect(await written(ran)).toEqual(count(50))
}, 60_000)

test('process.exit() in the moment in which the thread dies loses nothing', async () => {
  const ran = await run(
    `
const audit = open()
await record(audit, 0)
for (let i = 1; i < 500; i++) void record(audit, i)
process.exit(0)
`,
    { before: `calls('fdatasyncSync', (n, call) => { if (n === 14) process.exit(7); return call() })` },
  )
  expect(ran.code).toBe(0)
  expect(await written(ran)).toEqual(count(500))
}, 60_000)
