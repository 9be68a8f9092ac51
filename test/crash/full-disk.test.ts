import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Log, type Receipt } from '../../packages/core/src/log/log.js'
import { fileWriter } from '../../packages/core/src/writers/file/file-writer.js'
import { checkLog } from '../../packages/testkit/src/check-log.js'
import { testKey } from '../../packages/testkit/src/test-key.js'

const dir = mkdtempSync(join(tmpdir(), 'trailproof-full-'))
const mount =
  process.getuid?.() === 0
    ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { encoding: 'utf8' })
    : undefined
const mounted = mount?.status === 0
const reason = mounted ? '' : ` (skipped: ${mount ? `mount failed, ${mount.stderr || mount.error}` : 'not root'})`

beforeAll(() => {
  if (mounted) process.once('exit', unmount)
})
afterAll(unmount)

function unmount(): void {
  if (mounted) spawnSync('umount', ['-l', dir])
  try {
    rmdirSync(dir)
  } catch {} // already gone
}

function open(onState?: (state: string) => void) {
  const log = new Log({
    lease: fileWriter(dir).lease('shop'),
    service: 'shop',
    key: testKey(),
    limits: { maxQueuedBytes: 1e8, maxQueuedRecords: 1e6 },
    stalledAfterMs: 10_000,
    preamble: () => [],
    randomId: () => 'full',
    onState: (state) => onState?.(state),
  })
  return log
}

describe.skipIf(!mounted)(`a real disk of 1 MiB${reason}`, () => {
  it('when it is full the last words and a checkpoint still fit, nothing acknowledged is lost, and with room it goes on', async () => {
    const acknowledged: Receipt[] = []
    let failing = () => {}
    const failed = new Promise<void>((resolve) => (failing = resolve))
    const log = open((state) => state === 'failing' && failing())
    await log.ready
    const pad = 'x'.repeat(900)
    const append = () =>
      new Promise<void>((resolve) => {
        const settled = (_: unknown, receipt: Receipt | undefined) => {
          if (receipt) acknowledged.push(receipt)
          resolve()
        }
        log.append({ event: 'test', body: `"pad":"${pad}"}`, bytes: 1000, wait: 'durable', settled })
      })
    const filler = join(dir, 'filler')
    writeFileSync(filler, Buffer.alloc(200 * 1024))
    while (log.state === 'writing') await Promise.race([append(), failed])
    const before = acknowledged.length
    // The ballast goes, so what waits gets through, and a checkpoint too.
    await log.checkpoint()
    expect(acknowledged.length).toBeGreaterThan(before)
    expect(log.health()).toMatchObject({ state: 'writing', lastError: { code: 'TRAILPROOF_WRITE_FAILED', full: true } })

    rmSync(filler)
    const more = Array.from({ length: 100 }, append)
    await Promise.all(more)
    await log.close()
    const again = open()
    expect((await again.ready).size).toBe(acknowledged.length)
    await again.close()
    expect(checkLog(join(dir, 'shop-0'), { acknowledged, tiles: true }).syncedSize).toBe(acknowledged.length)
  }, 60_000)
})
