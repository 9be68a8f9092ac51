// What others do to the folder of a running log, and a process that has no descriptors left.

import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Application } from './process.js'
import { prove, verify } from './prove.js'
import { isRoot, useScene } from './scene.js'

const scene = useScene()
const log = () => join(scene().dir, 'shop-0')
const aside = () => join(scene().folder, 'aside')

async function underLoad(writer = {}): Promise<Application> {
  const application = scene().start({ policy: { waitAtMostMs: 500 }, wait: 'default', writer })
  await application.ready()
  application.tell('load 20')
  await application.more(300)
  return application
}

async function red(application: Application): Promise<void> {
  const { problems, log } = await application.until(({ status }) => status === 'red')
  expect(problems.length).toBeGreaterThan(0)
  expect(log.lastError?.code).toMatch(/^TRAILPROOF_/)
}

/** What was put back is gone on with; what was queued meanwhile is in it. */
async function expectGoesOn(application: Application): Promise<void> {
  expect(await application.do('quiet', 'flush')).toBeNull()
  await application.until(({ status, log }) => status === 'green' && log.queuedRecords === 0)
  expect(application.refused).toEqual([])
  await application.kill()
  await prove(scene())
}

describe.skipIf(process.platform !== 'linux')('the folder of a running log', () => {
  for (const [what, path] of [
    ['the log folder', log],
    ['the root folder', () => scene().dir],
  ] as const) {
    it(`${what} is renamed: health is red, nothing more is acknowledged, and it goes on when the name is back`, async () => {
      const application = await underLoad()
      renameSync(path(), aside())
      await red(application)
      await application.when(() => application.late.length > 20, 'records are answered without a receipt')
      expect(existsSync(path()), 'no second log is begun in its place').toBe(false)
      renameSync(aside(), path())
      await expectGoesOn(application)
    }, 120_000)

    it(`${what} is deleted: health is red, nothing more is acknowledged, and the next process begins a new log`, async () => {
      const application = await underLoad()
      await application.freeze() // else it may put files into a folder that is being emptied
      rmSync(path(), { recursive: true })
      application.thaw()
      await red(application)
      rmSync(path(), { recursive: true, force: true }) // what was under way
      const { size } = (await application.health()).log
      await application.when(() => application.late.length > 20, 'records are answered without a receipt')
      expect((await application.health()).log.size, 'nothing counts as durable any more').toBe(size)
      const old = application.opened[0]!
      await application.kill()
      const next = scene().start()
      const { origin } = await next.ready()
      expect(origin).not.toBe(old.origin)
      await next.do('record 10')
      await next.close()
      // Whoever knows the old log by its key, misses it.
      expect(await verify(scene().dir)).toMatchObject({ exit: 0 })
      const pinned = await verify(scene().dir, [old.vkey])
      expect(pinned.exit).toBe(1)
      expect(pinned.report.logs.find((one) => one.origin === old.origin)?.problems).toMatchObject([{ kind: 'missing' }])
    }, 120_000)
  }

  it('is replaced by a file: health is red, and it goes on when the folder is back', async () => {
    const application = await underLoad()
    renameSync(log(), aside())
    writeFileSync(log(), 'not a folder')
    await red(application)
    rmSync(log())
    renameSync(aside(), log())
    await expectGoesOn(application)
  }, 120_000)

  it('is replaced by a copy of itself: nothing is acknowledged into either, until the folder itself is back', async () => {
    const application = await underLoad()
    await application.do('quiet', 'flush') // a step that had begun in the one folder would end in the other
    renameSync(log(), aside())
    cpSync(aside(), log(), { recursive: true })
    application.tell('load 20')
    await red(application)
    rmSync(log(), { recursive: true })
    renameSync(aside(), log())
    await expectGoesOn(application)
  }, 120_000)

  it('loses its newest segment: health tells it, and verify names the gap', async () => {
    const application = await underLoad()
    await application.do('quiet', 'flush')
    const { size } = (await application.health()).log
    rmSync(join(log(), 'seg', '00000000000000000000.jsonl'))
    application.tell('record 10')
    const { log: now } = await application.until(({ log: { lastError } }) => lastError !== undefined)
    expect(now.lastError).toMatchObject({ code: 'TRAILPROOF_FOLDER_CHANGED' })
    await application.do('flush')
    await application.close()
    const { exit, report } = await verify(scene().dir)
    expect(exit).toBe(1)
    expect(report.logs[0]!.problems[0]).toMatchObject({ kind: 'missing', from: 0, to: size })
  }, 120_000)

  it('is made read-only: health is red, and it goes on when it may be written again', async () => {
    const application = await underLoad({ segmentRecords: 256 }) // the files that are open still can be written to
    if (isRoot) {
      execFileSync('mount', ['--bind', log(), log()])
      scene().undo(() => execFileSync('umount', ['-l', log()], { stdio: 'ignore' }))
      execFileSync('mount', ['-o', 'remount,bind,ro', log()])
    } else for (const name of ['.', 'seg', 'tile']) chmodSync(join(log(), name), 0o500)
    await red(application)
    if (isRoot) execFileSync('mount', ['-o', 'remount,bind,rw', log()])
    else for (const name of ['.', 'seg', 'tile']) chmodSync(join(log(), name), 0o700)
    await expectGoesOn(application)
  }, 120_000)

  it('is a file or may not be written to from the start: createAudit says so by name', async () => {
    writeFileSync(scene().dir, 'not a folder')
    const application = scene().start()
    await application.when(() => application.failure !== undefined, 'it failed')
    expect(application.failure).toMatchObject({ code: 'TRAILPROOF_FOLDER_UNWRITABLE' })
    rmSync(scene().dir)
    mkdirSync(scene().dir)
    const started = scene().start()
    await started.ready()
    await started.do('flush') // a log that was never signed is not good
    await Promise.all(scene().applications.map((one) => one.kill()))
    await prove(scene())
  }, 120_000)
})

describe.skipIf(process.platform !== 'linux')('a process that has no descriptors left (EMFILE)', () => {
  it('loses nothing: health is red until some are free again', async () => {
    const application = await underLoad({ segmentRecords: 256 })
    execFileSync('prlimit', ['--pid', String(application.pid), '--nofile=100:100'])
    expect(await application.do('eat')).toBe('EMFILE')
    await red(application)
    await application.when(() => application.late.length > 20, 'records are answered without a receipt')
    await application.do('disgorge')
    await expectGoesOn(application)
  }, 120_000)

  it('cannot open another log, and is told so by name', async () => {
    const application = await underLoad()
    execFileSync('prlimit', ['--pid', String(application.pid), '--nofile=100:100'])
    await application.do('eat')
    expect(await application.do('open')).toEqual({ code: 'TRAILPROOF_KEY_UNREADABLE' }) // the first file it needs
    await application.do('disgorge')
    await expectGoesOn(application)
  }, 120_000)
})
