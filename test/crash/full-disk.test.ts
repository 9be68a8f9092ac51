import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { prove } from './prove.js'
import { isRoot, useScene } from './scene.js'

const scene = useScene()

describe.skipIf(!isRoot)(`a real disk of 1 MiB${isRoot ? '' : ' (skipped: not root)'}`, () => {
  it('when it is full the last words and a checkpoint still fit, nothing acknowledged is lost, and with room it goes on', async () => {
    const dir = scene().mount('tiny', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs')
    const application = scene().start({ dir, wait: 'default', policy: { waitAtMostMs: 1000 } })
    await application.ready()
    const filler = join(dir, 'filler')
    writeFileSync(filler, Buffer.alloc(200 * 1024))
    application.tell('load 20')
    const { log } = await application.until(({ log }) => log.lastError !== undefined)
    expect(log.lastError).toMatchObject({ code: 'TRAILPROOF_WRITE_FAILED', full: true })
    // The ballast goes: half of it to lines, of which the load may have more than fit, half to a checkpoint over them.
    application.tell('quiet')
    await application.until(({ log: { size, signedSize } }) => signedSize === size)

    // Then not even that helps any more.
    application.tell('load 20')
    await application.when(() => application.late.length > 20, 'records are answered without a receipt')
    expect(await application.health()).toMatchObject({ status: 'red' })
    rmSync(filler)
    expect(await application.do('quiet', 'flush')).toBeNull()
    await application.until(({ status, log }) => status === 'green' && log.queuedRecords === 0)
    const before = application.acknowledged.length
    await application.do('record 20')
    expect(application.acknowledged.length).toBe(before + 20)
    expect(application.refused).toEqual([])
    await application.kill()
    await prove(scene(), { dir })
  }, 120_000)
})
