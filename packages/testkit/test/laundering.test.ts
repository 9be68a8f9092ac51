// Whoever edits lines without the key takes the checkpoints away too. The next opening must not sign what it then finds.
import { expect, it } from 'vitest'
import { CrashDisk, failNth } from '../src/crash-disk.js'
import { turns } from '../src/manual-timers.js'
import { testKey } from '../src/test-key.js'
import { begin, type Life, World } from './sim.js'

const FOLDER = '/audit/shop-0'
const SEGMENT = `${FOLDER}/seg/00000000000000000000.jsonl`
const keyless = {
  key: {
    publicKey: testKey().publicKey,
    sign() {
      throw new Error('no key')
    },
  },
}

type Line = { event?: string; second?: number; data?: object }

function append({ log }: Life, lines: Line[]): void {
  for (const { event = 'auth.login', second = 0, data } of lines) {
    const time = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()
    const body = `${JSON.stringify({ event, time, ...(data && { data }) }).slice(1)}`
    log.append({ event, body, bytes: 100, wait: 'durable', settled: () => {} })
  }
}

/** A log with these lines, signed and closed; then forged: a line is edited, and every checkpoint is gone. */
async function forged(lines: Line[]): Promise<CrashDisk> {
  const disk = new CrashDisk()
  const life = begin(disk, new World())
  append(life, lines)
  await life.log.close()
  disk.tamper(SEGMENT, (bytes) => Buffer.from(bytes.toString('latin1').replace('auth.login', 'auth.admin'), 'latin1'))
  for (const name of ['checkpoint', 'checkpoints.log']) disk.remove(`${FOLDER}/${name}`)
  return disk
}

/** A log with these lines whose process was killed before it signed any. */
async function unsigned(lines: Line[]): Promise<CrashDisk> {
  const disk = new CrashDisk()
  const life = begin(disk, new World(), keyless)
  await life.log.ready
  append(life, lines)
  await life.log.flush()
  return disk.kill()
}

async function open(disk: CrashDisk) {
  const life = begin(disk, new World())
  const head = await life.log.ready
  await life.log.close()
  return head
}

const signs: Record<string, Line[]> = {
  'a process that stopped in good order': [{ event: 'audit.started' }, {}, { event: 'audit.stopped' }],
  'two processes, one after the other': [{ event: 'audit.started' }, {}, { event: 'audit.started' }],
  'more than ten seconds': [{ event: 'audit.started' }, {}, { second: 11 }],
  'more than ten seconds, though the clock was set back at the end': [{}, { second: 11 }, {}],
}
for (const [sign, lines] of Object.entries(signs))
  it(`a log without checkpoints is not signed when its lines tell of ${sign}`, async () => {
    const disk = await forged(lines)
    const before = disk.snapshot(FOLDER)
    const head = await open(disk)
    expect(head.previous).toMatchObject({ kind: 'checkpoint', problem: 'its checkpoints are gone' })
    expect(head.size).toBe(0)
    expect(disk.snapshot(FOLDER)).toEqual(before)
    expect(disk.list('/audit')).toContain('shop-0.e2')
  })

it('nor when its tiles tell of lines that are not there', async () => {
  const disk = await forged([{}, {}, {}])
  disk.tamper(SEGMENT, (bytes) => bytes.subarray(0, bytes.indexOf(10) + 1))
  expect((await open(disk)).previous).toMatchObject({ kind: 'checkpoint', problem: 'its checkpoints are gone' })
})

it('nor when nothing but tiles is left', async () => {
  const disk = await forged([{}, {}, {}])
  disk.remove(SEGMENT)
  expect((await open(disk)).previous).toMatchObject({ kind: 'checkpoint' })
})

it('nor when a history is there in which no checkpoint verifies', async () => {
  const disk = await forged([{}, { second: 11 }])
  disk.close(disk.open(`${FOLDER}/checkpoints.log`, 'create'))
  disk.tamper(`${FOLDER}/checkpoints.log`, () => Buffer.from('shop/sim/shop-0\n2\nAAAA\n'))
  expect((await open(disk)).previous).toMatchObject({ kind: 'checkpoint' })
})

it('a process that was killed before its first checkpoint is recovered as ever', async () => {
  const disk = await unsigned([{ event: 'audit.started' }, {}, { second: 9 }])
  const head = await open(disk)
  expect(head).toMatchObject({ size: 3, signedSize: 0, recovered: { from: 0, to: 3 } })
  expect(head.previous).toBeUndefined()
})

it('also when that happened twice in a row, since the second says what it found', async () => {
  const found = { event: 'audit.recovered', data: { from: 0, to: 2 } }
  const disk = await unsigned([{ event: 'audit.started' }, {}, found, { event: 'audit.started' }])
  expect(await open(disk)).toMatchObject({ size: 4, recovered: { from: 0, to: 4 } })
})

it('also when the first lines stand in two segments, since the first fsync failed', async () => {
  const disk = new CrashDisk()
  const life = begin(disk, new World(), keyless)
  await life.log.ready
  append(life, [{ event: 'audit.started' }])
  await life.log.flush()
  disk.fault = failNth(1, ({ op }) => op === 'sync', { error: 'EIO' })
  append(life, [{}])
  await turns()
  life.timers.advance(50)
  await turns()
  const killed = disk.kill()
  expect(killed.list(`${FOLDER}/seg`)).toHaveLength(2)
  expect(await open(killed)).toMatchObject({ size: 2, recovered: { from: 0, to: 2 } })
})

const away = {
  key: {
    publicKey: testKey().publicKey,
    remote: { signEveryMs: 60_000, maxUnsignedMs: 900_000, maxUnsignedRecords: 1000 },
    sign: async () => {
      throw new Error('the signer is away')
    },
  },
}

/** What a process opens whose key is in another place, and there. */
async function openRemote(disk: CrashDisk) {
  const { publicKey, sign } = testKey()
  const life = begin(disk, new World(), { key: { ...away.key, publicKey, sign: async (message) => sign(message) } })
  const head = await life.log.ready
  await life.log.close()
  return head
}

async function leftBehind(lines: Line[]): Promise<CrashDisk> {
  const disk = new CrashDisk()
  const life = begin(disk, new World(), away)
  await life.log.ready
  append(life, lines)
  await life.log.flush()
  return disk.kill()
}

const outage: Line[] = [
  { event: 'audit.started' },
  { second: 800 },
  { event: 'audit.recovered', second: 810, data: { from: 0, to: 2 } },
  { event: 'audit.started', second: 810 },
  { second: 1600 },
  { event: 'audit.stopped', second: 1600 },
]

it('a signer that was away from the first moment, through a restart, is no sign of a removed checkpoint', async () => {
  expect(await openRemote(await leftBehind(outage))).toMatchObject({ size: 6, recovered: { from: 0, to: 6 } })
})

it('the lines cannot claim such a signer: what counts is the key of the process that opens them', async () => {
  const disk = await leftBehind([
    { event: 'audit.started', data: { signer: { max_unsigned_ms: 9e9 } } },
    { second: 60 },
  ])
  expect((await open(disk)).previous).toMatchObject({ kind: 'checkpoint', problem: 'its checkpoints are gone' })
})

it('nor is it one for longer than such a key may be away', async () => {
  const disk = await leftBehind([{ event: 'audit.started' }, { second: 911 }])
  expect((await openRemote(disk)).previous).toMatchObject({ problem: 'its checkpoints are gone' })
})
