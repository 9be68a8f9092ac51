// An anchor in a folder: insert-only, synced, and read by nobody's leave.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { originFileName } from '@trailproof/core'
import { expect, it } from 'vitest'
import { folderAnchor, folderSource } from '../src/index.js'
import { checkpointOf, noProof, origin, signal, temporaryFolder } from './support.js'

const receipts = { names: async () => [], read: async () => undefined }
const pathOf = (dir: string, size: number, name = origin) =>
  join(dir, 'checkpoints', originFileName(name), String(size).padStart(20, '0'))

async function filled(...sizes: number[]) {
  const dir = temporaryFolder()
  const anchor = folderAnchor(dir)
  for (const size of sizes) await anchor.publish(checkpointOf(size), noProof, signal())
  return { dir, anchor }
}

it('each checkpoint is a file of its own, read-only, and the newest is known', async () => {
  const { dir, anchor } = await filled(3, 20, 100)
  expect(readFileSync(pathOf(dir, 20), 'utf8')).toBe(checkpointOf(20).note)
  expect(statSync(pathOf(dir, 20)).mode & 0o777).toBe(0o440)
  expect(await anchor.latest!(origin, signal())).toBe(checkpointOf(100).note)
  expect(await anchor.latest!('shop/7f3a/shop-1', signal())).toBeUndefined()
})

it('the same checkpoint twice is no error; its answer may have been lost', async () => {
  const { dir, anchor } = await filled(3)
  const { time } = await anchor.publish(checkpointOf(3), noProof, signal())
  expect(time).toEqual(statSync(pathOf(dir, 3)).mtime)
  expect((await folderAnchor(dir).publish(checkpointOf(3), noProof, signal())).files).toEqual([])
})

it('another tree of the same size, or a smaller one, is a contradiction, and changes nothing', async () => {
  const { dir } = await filled(3, 20)
  for (const checkpoint of [checkpointOf(20, 99), checkpointOf(7)])
    await expect(folderAnchor(dir).publish(checkpoint, noProof, signal())).rejects.toMatchObject({
      code: 'TRAILPROOF_ANCHOR_CONFLICT',
    })
  expect(readdirSync(join(dir, 'checkpoints', originFileName(origin))).map(Number)).toEqual([3, 20])
  expect(readFileSync(pathOf(dir, 20), 'utf8')).toBe(checkpointOf(20).note)
})

it('several logs share a folder, whatever they are called', async () => {
  const dir = temporaryFolder()
  const names = [
    origin,
    'shop/7f3a/shop-1',
    '..',
    '.',
    'Shop/7F3A/shop-0',
    'é\u202e/x',
    'a'.repeat(500),
    `${'a'.repeat(499)}b`,
  ]
  const anchor = folderAnchor(dir)
  for (const [i, name] of names.entries()) await anchor.publish(checkpointOf(i + 1, 7, name), noProof, signal())
  expect(readdirSync(dir)).toEqual(['checkpoints'])
  expect(readdirSync(join(dir, 'checkpoints')).length).toBe(names.length)
  for (const [i, name] of names.entries())
    expect(await anchor.latest!(name, signal())).toBe(checkpointOf(i + 1, 7, name).note)
  expect((await folderSource(dir).known!()).length).toBe(names.length)
})

it('a folder that is gone is a failure, never an empty anchor', async () => {
  const { dir, anchor } = await filled(3)
  rmSync(dir, { recursive: true })
  const failure = { code: 'TRAILPROOF_ANCHOR_FAILED', message: expect.stringMatching(/ENOENT .*is it mounted/) }
  await expect(anchor.publish(checkpointOf(4), noProof, signal())).rejects.toMatchObject(failure)
  await expect(anchor.latest!(origin, signal())).rejects.toMatchObject(failure)
  await expect(folderSource(dir).read(origin, receipts)).rejects.toMatchObject(failure)
})

it('a checkpoint that a crash cut off is not the newest, and is told', async () => {
  const { dir } = await filled(3, 20)
  writeFileSync(pathOf(dir, 30), checkpointOf(30).note.slice(0, 40))
  const anchor = folderAnchor(dir)
  expect(await anchor.latest!(origin, signal())).toBe(checkpointOf(20).note)
  await expect(anchor.publish(checkpointOf(30), noProof, signal())).rejects.toMatchObject({
    code: 'TRAILPROOF_ANCHOR_FAILED',
  })
  await anchor.publish(checkpointOf(31), noProof, signal())
  const { checkpoints, refused } = await folderSource(dir).read(origin, receipts)
  expect(checkpoints).toEqual(
    [3, 20, 31].map((size) => ({ note: checkpointOf(size).note, time: statSync(pathOf(dir, size)).mtime })),
  )
  expect(refused).toEqual([`${String(30).padStart(20, '0')} is no checkpoint of ${origin}`])
})

it.each([undefined, '', 7])('%s is no folder', (dir) => {
  expect(() => folderAnchor(dir as string)).toThrow(expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID' }))
})
