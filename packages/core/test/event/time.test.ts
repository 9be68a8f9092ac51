import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { formatTime, WallClock } from '../../src/event/time.js'
import { testAudit } from '../support.js'

afterEach(() => vi.restoreAllMocks())

it('time is RFC 3339, UTC, always six decimals, and never off by more than a microsecond', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (ms) => {
      const text = formatTime(ms)
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(Math.abs(Date.parse(text) + Number(text.slice(23, 26)) / 1000 - ms)).toBeLessThan(0.002)
    }),
    { numRuns: 2000 },
  )
  const around = [-0.001, -0.000244140625, 0, 0.000244140625, 0.001].map((d) => formatTime(1_795_424_102_000 + d))
  expect(around).toEqual([
    '2026-11-23T08:55:01.999999Z',
    '2026-11-23T08:55:01.999999Z',
    '2026-11-23T08:55:02.000000Z',
    '2026-11-23T08:55:02.000000Z',
    '2026-11-23T08:55:02.000001Z',
  ])
})

describe('the clock', () => {
  const steps: number[] = []
  function clocks() {
    steps.length = 0
    let wall = 1_795_424_102_000
    let monotonic = 5000.25
    vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(wall))
    vi.spyOn(performance, 'now').mockImplementation(() => monotonic)
    return { pass: (ms: number) => ((wall += ms), (monotonic += ms)), step: (ms: number) => (wall += ms) }
  }
  const told = () => new Promise<number[]>((resolve) => queueMicrotask(() => resolve(steps)))

  it('is finer than a millisecond, and does not run backwards while time passes', () => {
    const { pass } = clocks()
    const clock = new WallClock((ms) => steps.push(ms))
    let last = clock.now()
    for (let i = 0; i < 5000; i++) {
      pass(0.1)
      const now = clock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
    expect(last % 1).not.toBe(0)
    expect(steps).toEqual([])
  })

  it.each([3_600_000, -3_600_000, 1500])(
    'tells of a step of %i ms, once, and then follows the wall clock',
    async (ms) => {
      const { pass, step } = clocks()
      const clock = new WallClock((by) => steps.push(by))
      const before = clock.now()
      step(ms)
      expect(clock.now() - before).toBeCloseTo(ms, -1)
      pass(10)
      clock.now()
      expect(await told()).toEqual([ms])
    },
  )

  it('a small correction is no step', async () => {
    const { step } = clocks()
    const clock = new WallClock((by) => steps.push(by))
    clock.now()
    step(-400)
    clock.now()
    expect(await told()).toEqual([])
  })

  it('a step is a record of the audit', async () => {
    const { step } = clocks()
    const t = testAudit()
    await t.audit.record({ event: 'login.failed' })
    step(-60_000)
    await t.audit.record({ event: 'login.failed' })
    const lines = (await t.lines(true)).filter((line) => line.event === 'audit.clock_stepped')
    expect(lines.map(({ source, data, outcome }) => ({ source, data, outcome }))).toEqual([
      { source: 'audit', data: { step_ms: -60_000 }, outcome: 'unknown' },
    ])
  })
})
