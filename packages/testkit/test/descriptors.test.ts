// Opening is tried again for as long as it fails; were a descriptor lost each time, the application would run out of them.
import { expect, it } from 'vitest'
import { fileWriter } from '../../core/src/writers/file/file-writer.js'
import type { OpenLog } from '../../core/src/writers/writer.js'
import { CrashDisk } from '../src/crash-disk.js'
import { testKey } from '../src/test-key.js'
import { begin, World } from './sim.js'

const request = { newOrigin: (slot: string) => `shop/sim/${slot}`, publicKey: testKey().publicKey }
const FAILING = [
  'open',
  'stat',
  'fstat',
  'list',
  'makeFolder',
  'rename',
  'remove',
  'truncate',
  'read',
  'writeSync',
  'syncSync',
] as const

/** A closed log of ten lines and three more that no checkpoint covers, with a torn end. */
async function template(): Promise<CrashDisk> {
  const disk = new CrashDisk()
  const life = begin(disk, new World())
  life.write(10)
  await life.log.close()
  const unavailable = (): never => {
    throw new Error('no key')
  }
  const key = { publicKey: request.publicKey, sign: unavailable }
  const second = begin(disk, new World(), { key })
  second.write(3)
  await second.log.flush()
  const killed = disk.kill()
  killed.tamper('/audit/shop-0/seg/00000000000000000000.jsonl', (bytes) => Buffer.concat([bytes, Buffer.from('{"v"')]))
  return killed
}

/** Counts what is open, and fails the n-th of all calls from then on. */
function watch(disk: CrashDisk, failing: number) {
  const open = new Set<number>()
  let calls = 0
  let failed = ''
  const on = { armed: false }
  for (const name of FAILING) {
    const call = (disk[name] as (...args: unknown[]) => unknown).bind(disk)
    Object.assign(disk, {
      [name](...args: unknown[]) {
        if (on.armed && ++calls === failing) {
          failed = `${name} ${String(args[0])}`
          throw Object.assign(new Error(`EIO: ${failed}`), { code: 'EIO' })
        }
        const answer = call(...args)
        if (name === 'open') open.add(answer as number)
        return answer
      },
    })
  }
  const close = disk.close.bind(disk)
  disk.close = (fd) => {
    close(fd)
    open.delete(fd)
  }
  return { open, on, failed: () => failed }
}

it('whichever call of an opening fails, all that it had opened is closed', async () => {
  const before = await template()
  const leaks: string[] = []
  let failures = 0
  for (let n = 1; ; n++) {
    const disk = before.copy()
    const { open, on, failed } = watch(disk, n)
    const lease = fileWriter('/audit', { disk, segmentRecords: 256, ballastBytes: 1024 }).lease('shop')
    on.armed = true
    const log: OpenLog | undefined = await lease.open(request).catch(() => undefined)
    on.armed = false
    if (!failed()) break
    if (!log) failures++
    if (!log && open.size > 0) leaks.push(failed())
    lease.release()
    if (open.size > 0 && log) leaks.push(`${failed()}, though it went well`)
  }
  expect(leaks).toEqual([])
  expect(failures).toBeGreaterThan(50)
})
