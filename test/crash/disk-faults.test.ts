// A disk that fails under a running process: EIO, ENOSPC, short writes, and calls that do not return.
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { effort } from '../effort.js'
import type { Application } from './process.js'
import { prove } from './prove.js'
import { useScene } from './scene.js'
import { inject, noStrace } from './strace.js'

const scene = useScene()
const skipped = noStrace ? ` (skipped: ${noStrace})` : ''

async function underLoad(policy = {}): Promise<Application> {
  const application = scene().start({ policy, wait: 'default' })
  await application.ready()
  application.tell('load 50')
  await application.more(200)
  return application
}

const firstSegment = () => join(scene().dir, 'shop-0', 'seg', '00000000000000000000.jsonl')
const segments = () => readdirSync(join(scene().dir, 'shop-0', 'seg'))

/** When it works again, everything queued meanwhile becomes durable. */
async function expectRecovery(application: Application): Promise<void> {
  expect(await application.do('quiet', 'flush')).toBeNull()
  await application.until(({ status, log }) => status === 'green' && log.queuedRecords === 0)
  expect(application.refused).toEqual([])
}

describe.skipIf(noStrace)(`a disk that fails${skipped}`, () => {
  it('fdatasync gives EIO once: the segment is given up, its lines are written again elsewhere, nobody is told too early', async () => {
    const application = await underLoad()
    await inject(scene(), application, 'fdatasync:error=EIO:when=1', firstSegment())
    await application.until(({ log }) => log.lastError !== undefined)
    await application.more(500)
    await expectRecovery(application)
    expect(segments().length).toBeGreaterThan(1)
    await application.kill()
    const { before } = await prove(scene())
    expect(before.logs[0]!.problems).toEqual([])
  }, 120_000)

  const writes = 'pwrite64,pwritev,pwritev2'
  const healed = 'until the disk is well again'
  const killed = 'until the process is killed'
  for (const [fault, calls, how] of [
    ['fdatasync gives EIO', 'fdatasync,fsync:error=EIO', healed],
    ['fdatasync gives EIO', 'fdatasync,fsync:error=EIO', killed],
    ['write gives ENOSPC', `${writes}:error=ENOSPC`, healed],
    ['write gives EIO', `${writes}:error=EIO`, killed],
    ['open gives EROFS', 'openat:error=EROFS', healed],
  ] as const)
    it(`${fault} for ever, ${how}: health is red, and nothing acknowledged is lost`, async () => {
      const application = await underLoad({ waitAtMostMs: 500 })
      const { lift } = await inject(scene(), application, calls)
      await application.until(({ status }) => status === 'red')
      // It goes on without: `continue` is the default.
      const late = application.late.length
      if (!fault.startsWith('open')) {
        await application.when(() => application.late.length > late + 100, 'records are answered without a receipt')
        expect((await application.health()).log.queuedRecords).toBeGreaterThan(0)
      }
      if (how === healed) {
        await lift()
        await expectRecovery(application)
      }
      await application.kill()
      await lift()
      await prove(scene())
    }, 120_000)
})

describe.skipIf(process.platform !== 'linux')('a write that comes up short', () => {
  it('is no whole line: what was torn is written again, and the log goes on when there is room', async () => {
    const application = await underLoad({ waitAtMostMs: 500 })
    const limit = statSync(firstSegment()).size + 10_000
    execFileSync('prlimit', ['--pid', String(application.pid), `--fsize=${limit}:unlimited`])
    await application.until(({ log }) => log.lastError !== undefined)
    await application.until(({ status }) => status === 'green') // new segments begin small
    execFileSync('prlimit', ['--pid', String(application.pid), '--fsize=unlimited'])
    await application.more(500)
    await expectRecovery(application)
    expect(segments().length).toBeGreaterThan(1)
    await application.kill()
    await prove(scene())
  }, 120_000)
})

const HANG_S = effort(3, 60)
describe.skipIf(noStrace)(`an fdatasync that does not return for ${HANG_S} s${skipped}`, () => {
  const hang = (application: Application) => inject(scene(), application, `fdatasync,fsync:delay_enter=${HANG_S * 1e6}`)

  it("under 'continue': records are answered in time, health is red, and all of them are durable afterwards", async () => {
    const application = await underLoad({ waitAtMostMs: 500, onFailure: 'continue' })
    const { lift } = await hang(application)
    await application.when(() => application.late.length >= 50, 'records are answered without a receipt')
    const { log } = await application.until(({ status }) => status === 'red')
    expect(log.queuedRecords).toBeGreaterThan(0)
    expect(Math.max(...application.late.slice(0, 50))).toBeLessThan(HANG_S * 1000)
    await application.until(({ log: { size } }) => size > log.size, 3 * HANG_S * 1000 + 60_000) // it did come back
    await lift()
    await expectRecovery(application)
    expect((await application.health()).slow).toBeGreaterThan(0)
    await application.kill()
    const { logs } = await prove(scene())
    const slow = logs[0]!.records.filter(({ event }) => event === 'audit.slow')
    expect(slow.length).toBeGreaterThan(0)
  }, 300_000)

  it("under 'refuse': the application is told in time, and what was refused is at most there once", async () => {
    const application = await underLoad({ waitAtMostMs: 500, onFailure: 'refuse' })
    const { lift } = await hang(application)
    await application.when(() => application.refused.length >= 50, 'records are refused')
    expect(await application.health()).toMatchObject({ status: 'red' })
    expect(new Set(application.refused.map(({ code }) => code))).toEqual(new Set(['TRAILPROOF_REFUSED']))
    expect(Math.max(...application.refused.slice(0, 50).map(({ ms }) => ms))).toBeLessThan(HANG_S * 1000)
    await lift()
    expect(await application.do('quiet', 'flush')).toBeNull()
    await application.until(({ status }) => status === 'green')
    const before = application.acknowledged.length
    await application.do('record 10')
    expect(application.acknowledged.length).toBe(before + 10)
    await application.kill()
    await prove(scene())
  }, 300_000)

  it('at the end of the process: it ends all the same', async () => {
    const application = await underLoad({ waitAtMostMs: 500 })
    await hang(application)
    await application.until(({ status }) => status === 'red')
    const begun = performance.now()
    application.tell('exit')
    expect(await application.ended).toBe(0)
    expect(performance.now() - begun).toBeLessThan(HANG_S * 1000 + 30_000)
    await prove(scene())
  }, 300_000)
})
