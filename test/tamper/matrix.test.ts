// Every row of the matrix is done to a real log: what is found is found where the row says, and what is not found is not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noOpenssl } from '../../packages/anchors/test/authority.js'
import type { Answer } from './attack.js'
import { asks, type Evidence, locally, type Said } from './evidence.js'
import { MATRIX } from './matrix.js'
import { Scene } from './scene.js'
import { makeWorld, type World } from './world.js'

const worlds = new Map<boolean, World>()
beforeAll(async () => {
  for (const rotated of [false, true]) worlds.set(rotated, await makeWorld(rotated))
}, 120_000)
afterAll(async () => {
  for (const world of worlds.values()) await world.close()
})

it('each attack is told once, and each kind of evidence is used', () => {
  expect(new Set(MATRIX.map(({ does }) => does)).size).toBe(MATRIX.length)
  const used = new Set(MATRIX.flatMap((row) => Object.keys(row.with ?? {})))
  expect(Object.keys(asks).filter((evidence) => !used.has(evidence))).toEqual([])
})

it.each([false, true])(
  'before any attack every kind of evidence says that all is well (rotated: %s)',
  async (rotated) => {
    const scene = new Scene(worlds.get(rotated)!)
    check(scene, 'the folder and its key', await locally(scene), { says: 'nothing' })
    for (const evidence of Object.keys(asks) as Evidence[]) {
      if (!canAsk(evidence)) continue
      const said = await asks[evidence](scene)
      if (typeof said === 'string') expect([evidence, said]).toEqual([evidence, 'nothing is noticed'])
      else check(scene, evidence, said, { says: 'nothing' })
    }
  },
)

const named = MATRIX.map((row) => [`${row.who}: ${row.does}`, row] as const)
describe.each(named)('%s', (_, { act, rotated = false, locally: here, with: others = {} }) => {
  it('is answered as the matrix says', async () => {
    const scene = new Scene(worlds.get(rotated)!)
    await act(scene)
    check(scene, 'the folder and its key', await locally(scene), here)
    for (const [evidence, answer] of Object.entries(others) as [Evidence, Answer][])
      if (canAsk(evidence)) check(scene, evidence, await asks[evidence](scene), answer)
  })
})

const canAsk = (evidence: Evidence) => evidence !== 'timestamps' || noOpenssl === undefined

function check(scene: Scene, evidence: string, said: Said, answer: Answer): void {
  if (answer.says === 'fact') {
    expect([evidence, said]).toEqual([evidence, answer.fact])
    return
  }
  if (typeof said === 'string') throw new Error(`${evidence} says: ${said}`)
  const problems = said.logs.flatMap((log) => log.problems)
  const notes = said.logs.flatMap((log) => log.notes)
  if (answer.says === 'problem') {
    expect({ evidence, ok: said.ok, problems }).toEqual({
      evidence,
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ kind: answer.kind, ...answer.place(scene) })]),
    })
    return
  }
  expect({ evidence, ok: said.ok, problems }).toEqual({ evidence, ok: true, problems: [] })
  if (answer.says === 'note')
    expect({ evidence, notes }).toEqual({
      evidence,
      notes: expect.arrayContaining([expect.objectContaining({ kind: answer.kind, ...answer.place?.(scene) })]),
    })
}
