// Receipts grow for ever unless somebody thins them out.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createAudit, fileWriter, memoryKeys } from '../../src/index.js'
import { superfluousReceipts } from '../../src/writers/file/receipts.js'
import { temporaryFolder } from '../support.js'

const digits = (size: number) => String(size).padStart(20, '0')
const stampOf = (size: number) => [`tsa-${digits(size)}.checkpoint`, `tsa-${digits(size)}.tsr`]

it('three thousand receipts come down to a thousand: the newest whole, the first, and the others at even distances', () => {
  let kept: string[] = []
  let most = 0
  for (let size = 7; size <= 21_000; size += 7) {
    kept.push(...stampOf(size))
    const gone = new Set(superfluousReceipts(kept))
    kept = kept.filter((name) => !gone.has(name))
    most = Math.max(most, kept.length)
  }
  expect(most).toBe(2000)
  const sizes = kept.filter((name) => name.endsWith('.tsr')).map((name) => Number(name.slice(4, 24)))
  expect(kept).toEqual(sizes.flatMap(stampOf)) // both files of each
  expect(sizes[0]).toBe(7)
  expect(sizes.slice(-500)).toEqual(Array.from({ length: 500 }, (_, i) => 21_000 - 7 * (499 - i)))
  const gaps = sizes.slice(1, 500).map((size, i) => size - sizes[i]!)
  expect(Math.max(...gaps)).toBeLessThan(4 * (21_000 / 500))
})

it('each anchor has its own, an answer goes before what was answered, and other files stay', () => {
  const stamps = Array.from({ length: 1001 }, (_, i) => stampOf(i)).flat()
  const others = [
    'elsewhere-5.receipt',
    'note.txt',
    '.half',
    ...Array.from({ length: 1000 }, (_, i) => `witnessed-${digits(i)}-w`),
  ]
  const gone = superfluousReceipts([...stamps, ...others])
  expect(gone).toEqual(stampOf(1).reverse())
  expect(superfluousReceipts(others)).toEqual([])
})

it('a running log does it when it keeps the next one', async () => {
  const dir = temporaryFolder()
  const folder = join(dir, 'audit', 'shop-0', 'anchors')
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(join(dir, 'audit')),
    keys: memoryKeys(),
    heartbeatEveryMs: 0,
    anchors: [
      {
        kind: 'test',
        name: 'tsa',
        publish: async ({ size }) => {
          mkdirSync(folder, { recursive: true })
          for (let i = 0; i < 1000; i++) writeFileSync(join(folder, `tsa-${digits(i)}.tsr`), 'old')
          return { files: [{ name: `tsa-${digits(100_000 + size)}.tsr`, bytes: Buffer.from('new') }] }
        },
      },
    ],
  })
  await audit.record({ event: 'login.failed' }, { wait: 'checkpointed' })
  await audit.close()
  expect(existsSync(join(folder, `tsa-${digits(0)}.tsr`))).toBe(true)
  expect(existsSync(join(folder, `tsa-${digits(1)}.tsr`))).toBe(false)
  expect(readdirSync(folder).length).toBeLessThanOrEqual(1000)
})
