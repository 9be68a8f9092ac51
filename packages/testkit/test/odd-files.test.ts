// Pipes, folders and circular links where a log's files should be: opening a pipe would block the process for ever.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fileWriter } from '../../core/src/writers/file/file-writer.js'
import { testKey } from '../src/test-key.js'
import { batchOf } from '../src/writer-contract.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trailproof-odd-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const request = { newOrigin: (slot: string) => `shop/x/${slot}`, publicKey: testKey().publicKey }

const kinds = {
  'log.vkey': 'key',
  checkpoint: 'checkpoint',
  'checkpoints.log': 'checkpoint',
  'seg/00000000000000000000.jsonl': 'records',
  seg: 'records',
}
const put: Record<string, (path: string) => void> = {
  'a pipe': (path) => expect(spawnSync('mkfifo', [path]).status).toBe(0),
  'a folder': (path) => mkdirSync(path),
  'a circular link': (path) => symlinkSync(path, path),
}
for (const [name, kind] of Object.entries(kinds))
  for (const [what, make] of Object.entries(put))
    it.skipIf(name === 'seg' && what === 'a folder')(
      `${what} in place of ${name} is damage, left as it is; a new log begins`,
      async () => {
        const first = fileWriter(dir).lease('shop')
        const log = await first.open(request)
        await log.append(batchOf(0, 3))
        await log.close()
        first.release()
        rmSync(join(dir, 'shop-0', name), { force: true, recursive: true })
        make(join(dir, 'shop-0', name))
        const lease = fileWriter(dir).lease('shop')
        const next = await lease.open(request)
        expect(next.head.previous).toMatchObject({ kind, problem: expect.stringMatching(/is not a /) })
        await next.close()
        lease.release()
      },
    )

it('a circular link in place of the whole folder is damage as well', async () => {
  symlinkSync(join(dir, 'shop-0'), join(dir, 'shop-0'))
  const lease = fileWriter(dir).lease('shop')
  const log = await lease.open(request)
  expect(log.head.previous).toMatchObject({ kind: 'records', problem: 'shop-0 is not a folder' })
  await log.close()
  lease.release()
})
