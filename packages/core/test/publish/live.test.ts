// A log that goes on being written, by the real file writer, while it is exported, served and proved from.
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { checkProof, exportTiles, proveRecord } from '../../src/publish/index.js'
import { fileWriter } from '../../src/writers/file/file-writer.js'
import { leafOf, makeNote, removeTempDirs, tempDir } from '../verify/fixture.js'
import { closeServers, serving } from './http.js'
import { expectedFiles, filesIn, signedPlan, signer } from './support.js'

afterEach(closeServers)
afterAll(removeTempDirs)

const SIZE = 1500
const { lines } = signedPlan(SIZE)

const planAt = (size: number) => ({ ...signedPlan(0), lines: lines.slice(0, size), signed: [size] })

test('what is exported, served or proved while the log is written is whole, and of one of its checkpoints', async () => {
  const root = tempDir()
  const lease = fileWriter(root, { segmentRecords: 512 }).lease('shop')
  const log = await lease.open({ newOrigin: () => signer.origin, publicKey: signer.raw })
  const dir = join(root, lease.slot)
  let size = 0
  const grow = async (by: number) => {
    const batch = lines.slice(size, size + by)
    const bytes = Buffer.from(batch.map((line) => `${line}\n`).join(''))
    await log.append({ first: size, count: batch.length, bytes, leafHashes: Buffer.concat(batch.map(leafOf)) })
    size += batch.length
    await log.putCheckpoint(makeNote(signer, lines.slice(0, size).map(leafOf)), { size, sync: true })
  }
  await grow(1)
  const writing = (async () => {
    while (size < SIZE) await grow(37)
  })()
  const { get } = await serving(dir)
  const out = join(tempDir(), 'tiles')
  let exports = 0
  const reading = (async () => {
    for (let last = 0; last < SIZE; exports++) {
      const made = await exportTiles(dir, out)
      expect(made.before).toBe(last)
      expect(made.size).toBeGreaterThanOrEqual(last)
      last = made.size
      expect(filesIn(out)).toMatchObject(expectedFiles(planAt(last)))
      for (const [path, content] of Object.entries(expectedFiles(planAt(last))))
        if (path.startsWith('tile/')) expect((await get(`/${path}`)).body.toString('latin1')).toBe(content)
      const { text, line, index } = await proveRecord(dir, last - 1)
      expect(await checkProof({ proof: text, record: line, keys: [signer.vkey] })).toMatchObject({ ok: true, index })
    }
  })()
  await Promise.all([writing, reading])
  expect(exports).toBeGreaterThan(1)
  expect(filesIn(out)['checkpoint']).toBe(expectedFiles(planAt(SIZE))['checkpoint'])
  await log.close()
  lease.release()
}, 120_000)
