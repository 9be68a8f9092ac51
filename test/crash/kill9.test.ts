import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../packages/testkit/src/random.js'
import { effort } from '../effort.js'
import { prove } from './prove.js'
import { type Scene, useScene } from './scene.js'

const WRITERS = 4
const ROUNDS = Number(process.env['ROUNDS'] ?? effort(8, 1000))
/** So many rounds on the same logs before they are proved and new ones are begun, so that proving stays cheap. */
const ROUNDS_PER_PROOF = 4

const scene = useScene()

describe('kill -9', () => {
  it(
    `of ${WRITERS} processes on one folder, at any moment under load: every acknowledged record is there afterwards (${ROUNDS} rounds)`,
    async () => {
      const random = seededRandom(Number(process.env['SEED'] ?? 1))
      let acknowledged = 0
      for (let done = 0; done < ROUNDS; done += ROUNDS_PER_PROOF) {
        const rounds = Math.min(ROUNDS_PER_PROOF, ROUNDS - done)
        // Each is started anew as soon as it is dead, while the others go on.
        await Promise.all(Array.from({ length: WRITERS }, () => killRepeatedly(rounds, random)))
        const { logs } = await prove(scene())
        expect(logs.map(({ name }) => name)).toEqual(['shop-0', 'shop-1', 'shop-2', 'shop-3'].slice(0, logs.length))
        acknowledged += scene()
          .applications.splice(0)
          .reduce((sum, one) => sum + one.acknowledged.length, 0)
        for (const name of readdirSync(scene().dir)) rmSync(join(scene().dir, name), { recursive: true })
      }
      expect(acknowledged).toBeGreaterThan(ROUNDS * WRITERS)
    },
    60_000 + ROUNDS * 20_000,
  )

  async function killRepeatedly(times: number, random: ReturnType<typeof seededRandom>): Promise<void> {
    for (let time = 0; time < times; time++) {
      const application = scene().start({ writer: { segmentRecords: 1024 } })
      application.tell('load 100')
      // Now and then while it opens the log, else under load.
      const share = random.next()
      if (share < 0.15) await new Promise((resolve) => setTimeout(resolve, share * 2000))
      else await application.more(1 + random.int(2000))
      await new Promise((resolve) => setTimeout(resolve, random.next() * 5)) // a random moment between two records
      await application.kill()
    }
  }

  it('frees the slot at once for the next process', async () => {
    const [first, second] = [await started(scene()), await started(scene())]
    await first.application.kill()
    const third = await started(scene())
    expect([first.slot, second.slot, third.slot]).toEqual(['shop-0', 'shop-1', 'shop-0'])
    await second.application.kill()
    await third.application.kill()
    expect((await prove(scene())).logs.length).toBe(2)
  }, 120_000)
})

describe.each([2, 8])('%i processes started on one folder in the same instant', (count) => {
  it.each([
    ['write to slots of their own, and no chain is shared', process.env],
    ['also where there is no flock program', { ...process.env, PATH: '/nonexistent' }],
  ])(
    '%s',
    async (_, env) => {
      // Nobody has made the folders above either.
      const dir = join(scene().folder, 'var', 'log', 'shop', 'audit')
      const applications = Array.from({ length: count }, () => scene().start({ dir }, { env }))
      for (const application of applications) application.tell('load 20')
      await Promise.all(applications.map((application) => application.more(50)))
      const slots = applications.map(({ opened }) => opened[0]!.origin.split('/').at(-1))
      expect(slots.sort()).toEqual(Array.from({ length: count }, (_, n) => `shop-${n}`))
      await Promise.all(applications.map((application) => application.kill()))
      const { logs } = await prove(scene(), { dir })
      // Whoever wrote into a log, wrote into that one alone: `prove` has seen to it.
      expect(logs.length).toBe(count)
    },
    120_000,
  )
})

async function started(here: Scene) {
  const application = here.start()
  const { origin } = await application.ready()
  return { application, slot: origin.split('/').at(-1) }
}
