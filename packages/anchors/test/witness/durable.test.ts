// What kill -9 cannot show: the order of writes and syncs, on which it depends what a power cut leaves.
import type * as Promises from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { generateWitnessKey, readWitnessKey, Witness, WitnessState } from '../../src/index.js'
import { hashOf, removeTempDirs, TestLog, tempDir } from './support.js'

const { steps } = vi.hoisted(() => ({ steps: [] as string[] }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Promises>()
  return {
    ...real,
    open: async (path: string, ...rest: [string]) => {
      const file = await real.open(path, ...rest)
      const [write, sync] = [file.writeFile.bind(file), file.sync.bind(file)]
      file.writeFile = async (data) => {
        await write(data)
        steps.push(`wrote ${basename(path)}`)
      }
      file.sync = async () => {
        await sync()
        steps.push(`synced ${basename(path)}`)
      }
      return file
    },
    rename: async (from: string, to: string) => {
      await real.rename(from, to)
      steps.push(`renamed ${basename(from)} to ${basename(to)}`)
    },
  }
})

afterAll(removeTempDirs)

test('a cosignature leaves after the file, its name and its folder are durable; what is found at the start is synced first', async () => {
  const dir = tempDir()
  generateWitnessKey(join(dir, 'key'), 'w.example')
  const key = readWitnessKey(join(dir, 'key', 'witness.key'))
  const log = new TestLog()
  const hash = hashOf(log.signer.origin)
  const begin = async (init: boolean) => {
    const state = await WitnessState.open(join(dir, 'state'), key.vkey, init)
    return { state, witness: new Witness({ signer: key.signer(() => 1), logs: [log.signer.vkey], state }) }
  }
  const { state, witness } = await begin(true)
  steps.length = 0
  expect((await witness.addCheckpoint(log.request(0, 5))).status).toBe(200)
  steps.push('answered')
  expect(steps).toEqual([
    `wrote ${hash}.tmp`,
    `synced ${hash}.tmp`,
    `renamed ${hash}.tmp to ${hash}`,
    'synced state',
    'answered',
  ])
  state.close()

  steps.length = 0
  const again = await begin(false)
  expect(steps).toEqual([`synced ${hash}`, 'synced state'])
  again.state.close()
})
