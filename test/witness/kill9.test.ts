// kill -9 of a witness under load, again and again, by a log that submits two histories at once. A ledger holds what was
// cosigned: never two trees of one size, never a smaller one after a larger, and nothing that the witness forgets.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hashOf, TestLog } from '../../packages/anchors/test/witness/support.js'
import { seededRandom } from '../../packages/testkit/src/random.js'
import { effort } from '../effort.js'
import { buildCli, cleanUp, WitnessProcess } from './processes.js'

const KILLS = Number(process.env['KILLS'] ?? effort(50, 500))
/** Each log is used for so many kills before the next one: making its proofs costs by its size. */
const KILLS_PER_LOG = 10
const LARGEST = 1500
const SUBMITTERS = 6

beforeAll(buildCli, 300_000)
afterAll(cleanUp)

const random = seededRandom(Number(process.env['SEED'] ?? 1))

/** What was cosigned of one log: size, and the root in base64. */
class Ledger {
  readonly roots = new Map<number, string>()
  largest = 0

  add(note: string, floor: number): void {
    const [, size, root] = note.split('\n')
    expect(Number(size), 'cosigned after a larger size was').toBeGreaterThanOrEqual(floor)
    expect(this.roots.get(Number(size)) ?? root, `two trees of size ${size}`).toBe(root)
    this.roots.set(Number(size), root!)
    this.largest = Math.max(this.largest, Number(size))
  }
}

const logs = Array.from({ length: Math.ceil(KILLS / KILLS_PER_LOG) }, () => {
  const first = new TestLog(undefined, 'a', LARGEST)
  return { histories: [first, new TestLog(first.signer, 'b', LARGEST)], ledger: new Ledger() }
})

/** The size and root that the witness says it knows. */
async function known(url: string, origin: string): Promise<[number, string] | undefined> {
  const answer = await fetch(`${url}/${hashOf(origin)}/checkpoint`)
  if (answer.status === 404) return undefined
  const [, size, root] = (await answer.text()).split('\n')
  return [Number(size), root!]
}

/** Submits until the witness is gone: growing, repeating, going back, and both histories against each other. */
async function submit(url: string, { histories, ledger }: (typeof logs)[0], own: TestLog): Promise<void> {
  for (let old = ledger.largest; ; ) {
    const floor = ledger.largest
    const log = random.chance(0.2) ? histories[random.int(2)]! : own
    const size = random.chance(0.1) ? 1 + random.int(Math.max(1, floor)) : Math.min(LARGEST, old + random.int(4))
    const request = size === 0 ? log.request(0, 1) : log.request(Math.min(old, size), size)
    const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: request })
    const body = await answer.text()
    if (answer.status === 200) ledger.add(request.slice(request.indexOf('\n\n') + 2), floor)
    else expect([409, 422, 503]).toContain(answer.status)
    old = answer.status === 409 ? Number(body) : ledger.largest
  }
}

it(
  `a witness that is killed at any moment never contradicts itself (${KILLS} kills)`,
  async () => {
    const witness = new WitnessProcess(
      'w',
      logs.map(({ histories }) => histories[0]!.signer.vkey),
    )
    let cosigned = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const log = logs[Math.floor(kill / KILLS_PER_LOG)]!
      const { ledger, histories } = log
      const { origin } = histories[0]!.signer
      await witness.start()
      const remembered = await known(witness.url, origin)
      expect(remembered?.[0] ?? 0, 'forgotten').toBeGreaterThanOrEqual(ledger.largest)
      if (remembered) expect(ledger.roots.get(remembered[0]) ?? remembered[1]).toBe(remembered[1])
      const before = ledger.roots.size
      const enough = before + 1 + random.int(25)
      const wrong: unknown[] = []
      const submitters = Array.from({ length: SUBMITTERS }, (_, i) =>
        submit(witness.url, log, histories[i % 2]!).catch((error: Error) => {
          if (error.name !== 'TypeError') wrong.push(error) // fetch failed: the witness is gone
        }),
      )
      for (let waits = 0; ledger.roots.size < enough && waits < 300 && wrong.length === 0; waits++)
        await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, random.next() * 5))
      await witness.end('SIGKILL')
      await Promise.all(submitters)
      expect(wrong).toEqual([])
      cosigned += ledger.roots.size - before
    }
    expect(cosigned).toBeGreaterThan(KILLS)
    // All that was cosigned of a log is of one history.
    for (const { histories, ledger } of logs) {
      const fits = histories.map((history) =>
        [...ledger.roots].every(([size, root]) => Buffer.from(history.at(size).root).toString('base64') === root),
      )
      expect(fits.filter(Boolean)).toHaveLength(1)
    }
  },
  KILLS * 10_000,
)
