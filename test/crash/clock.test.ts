import { describe, expect, it } from 'vitest'
import { prove } from './prove.js'
import { useScene } from './scene.js'

const scene = useScene()
const HOUR_MS = 3_600_000

describe.each(['option', 'Date'] as const)('a clock that steps back an hour (%s)', (clock) => {
  it('changes neither order nor numbers; records say what the clock read, and checkpoints go on', async () => {
    const application = scene().start({ clock })
    await application.ready()
    application.tell('load 20')
    await application.more(200)
    await application.do(`clock -${HOUR_MS}`)
    await application.more(200)
    await application.do('quiet', 'record 20')
    // Without anybody asking for it: what is due is not counted by that clock.
    await application.until(({ log }) => log.queuedRecords === 0 && log.signedSize === log.size, 10_000)
    await application.kill()
    const { logs } = await prove(scene())
    const records = logs[0]!.records.filter(({ source }) => source === 'app').slice(0, -1)
    const times = records.map(({ time }) => Date.parse(time))
    const back = times.slice(1).map((time, i) => time - times[i]!)
    const steps = back.filter((ms) => ms < -HOUR_MS / 2)
    expect(steps.length).toBe(1)
    expect(steps[0]).toBeGreaterThan(-HOUR_MS - 1)
    const told = logs[0]!.records.filter(({ event }) => event === 'audit.clock_stepped')
    // A clock of the application's own is the application's to watch.
    expect(told.length).toBe(clock === 'Date' ? 1 : 0)
    for (const { data } of told) expect(Math.abs((data!['step_ms'] as number) + HOUR_MS)).toBeLessThan(60_000)
  }, 120_000)
})
