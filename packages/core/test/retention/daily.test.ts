// The option `retention`: old records go in the background, from the log that this process holds.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAudit, fileWriter, memoryKeys, TrailproofError, verifyRoot } from '../../src/index.js'
import { DailyRetention } from '../../src/retention/daily.js'
import { eventually, temporaryFolder } from '../support.js'

const DAY = 86_400_000
const MINUTE = 60_000
afterEach(() => void vi.useRealTimers())

describe('the daily run', () => {
  function daily(run: () => Promise<unknown>) {
    vi.useFakeTimers()
    const told: (string | undefined)[] = []
    const retention = new DailyRetention(run, (error) => void told.push(error?.code))
    onTestFinished(() => retention.stop())
    return { retention, told }
  }

  it('comes a minute after the start, then every day, until it is stopped', async () => {
    let runs = 0
    const { retention, told } = daily(async () => void runs++)
    await vi.advanceTimersByTimeAsync(MINUTE - 1)
    expect(runs).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(runs).toBe(1)
    await vi.advanceTimersByTimeAsync(3 * DAY)
    expect(runs).toBe(4)
    retention.stop()
    await vi.advanceTimersByTimeAsync(3 * DAY)
    expect(runs).toBe(4)
    expect(told).toEqual([undefined, undefined, undefined, undefined])
  })

  it('tells why it failed, by name, and tries again the next day; a legal hold is no failure', async () => {
    const failures = [
      new Error('EIO'),
      new TrailproofError('TRAILPROOF_WRITE_FAILED', 'x'),
      new TrailproofError('TRAILPROOF_NOT_PURGED', 'x', { held: true }),
    ]
    const { told } = daily(async () => {
      throw failures.shift()
    })
    await vi.advanceTimersByTimeAsync(2 * DAY + MINUTE)
    expect(told).toEqual(['TRAILPROOF_NOT_PURGED', 'TRAILPROOF_WRITE_FAILED', undefined])
  })
})

describe('the option "retention"', () => {
  const keys = memoryKeys()

  function start(root: string, age: number, retention?: { days: number }) {
    const then = Date.now() - age * DAY
    let tick = 0
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const audit = createAudit({
      service: 'shop',
      writer: fileWriter(root, { segmentRecords: 256 }),
      keys,
      heartbeatEveryMs: 0,
      clock: { now: () => then + tick++ },
      ...(retention && { retention }),
    })
    vi.advanceTimersByTime(MINUTE) // the run begins, and waits for the log to open
    vi.useRealTimers()
    onTestFinished(() => audit.close().catch(() => {}))
    return audit
  }

  async function oldLog(): Promise<string> {
    const root = temporaryFolder()
    for (const age of [500, 300]) {
      const audit = start(root, age)
      for (let i = 0; i < 400; i++) void audit.record({ event: 'admin.action', data: { i } }, { wait: 'queued' })
      await audit.close()
    }
    return root
  }
  const segments = (root: string) => readdirSync(join(root, 'shop-0', 'seg')).sort()

  it('removes what is older from a log in use, which verifies all the while', async () => {
    const root = await oldLog()
    const audit = start(root, 0, { days: 400 })
    await audit.ready
    for (let i = 0; segments(root)[0] !== '00000000000000000256.jsonl' && i < 200; i++) {
      await audit.record({ event: 'admin.action', data: { i } })
      expect((await verifyRoot(root)).logs[0]!.problems).toEqual([])
    }
    expect(segments(root)[0]).toBe('00000000000000000256.jsonl') // the next one holds records of both lives
    expect(audit.health()).toMatchObject({ status: 'green', problems: [] })
    await audit.close()
    expect((await verifyRoot(root)).logs[0]).toMatchObject({ problems: [], purged: { to: 256 } })
  })

  it('removes nothing when lines and tiles do not agree, and health says so', async () => {
    const root = await oldLog()
    const path = join(root, 'shop-0', 'seg', segments(root)[0]!)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"i":7}', '"i":8}'))
    const audit = start(root, 0, { days: 400 })
    await eventually(() => audit.health().status === 'red', 'health is red')
    expect(audit.health().problems).toEqual([
      { code: 'TRAILPROOF_NOT_PURGED', message: expect.stringContaining('tile 0/0 does not fit the lines') },
    ])
    expect(segments(root)[0]).toBe('00000000000000000000.jsonl')
  })

  it('removes nothing while a file "hold" stands', async () => {
    const root = await oldLog()
    writeFileSync(join(root, 'shop-0', 'hold'), '')
    const audit = start(root, 0, { days: 400 })
    await audit.ready
    await audit.record({ event: 'admin.action' })
    await audit.close()
    expect(segments(root)[0]).toBe('00000000000000000000.jsonl')
    rmSync(join(root, 'shop-0', 'hold'))
    const next = start(root, 0, { days: 400 })
    await eventually(() => segments(root)[0] === '00000000000000000256.jsonl', 'the segment is removed')
    await next.close()
  })
})
