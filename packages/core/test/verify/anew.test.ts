// A recovery that signs a log from its beginning: honest where no signature could be had, or the work of who removed them.
import { afterAll, expect, it } from 'vitest'
import { folderReader, verifyLog } from '../../src/verify/index.js'
import { leafOf, makeLine, makeNote, makeSigner, removeTempDirs, segmentPath, writeLog } from './fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()
const started = (seq: number, second: number, data = {}) =>
  makeLine(seq, { event: 'audit.started', time: at(second), data })
const recovered = (seq: number, second: number) =>
  makeLine(seq, { event: 'audit.recovered', time: at(second), data: { from: 0, to: seq } })
const login = (seq: number, second: number) => makeLine(seq, { time: at(second) })
const remote = { signer: { sign_every_ms: 60_000, max_unsigned_ms: 900_000 } }

/** Signed for the first time at its end. */
async function problemsOf(lines: string[]) {
  const note = makeNote(signer, lines.map(leafOf))
  const dir = writeLog(
    new Map([
      ['log.vkey', `${signer.vkey}\n`],
      [segmentPath(0), lines.map((line) => `${line}\n`).join('')],
      ['checkpoints.log', note],
      ['checkpoint', note],
    ]),
  )
  return (await verifyLog(folderReader(dir), { keys: [signer.vkey] })).problems.map(({ kind }) => kind)
}

it('with a local key, seconds may be unsigned at the beginning, and a second start after a first recovery', async () => {
  expect(await problemsOf([started(0, 0), login(1, 9), recovered(2, 9), started(3, 9)])).toEqual([])
  expect(
    await problemsOf([started(0, 0), login(1, 1), recovered(2, 2), started(3, 2), recovered(4, 3), started(5, 3)]),
  ).toEqual([])
})

it('more than that was signed before, and its checkpoints were removed', async () => {
  expect(await problemsOf([started(0, 0), login(1, 11), recovered(2, 12), started(3, 12)])).toEqual(['rolled_back'])
  expect(await problemsOf([started(0, 0), started(1, 1), recovered(2, 2), started(3, 2)])).toEqual(['rolled_back'])
})

it('with a key in another place, as long as the recovering process says under its signature', async () => {
  expect(await problemsOf([started(0, 0), login(1, 890), recovered(2, 891), started(3, 891, remote)])).toEqual([])
  const twice = [started(0, 0), login(1, 890), recovered(2, 891), started(3, 891), login(4, 1700), recovered(5, 1701)]
  expect(await problemsOf([...twice, started(6, 1701, remote)])).toEqual([])
  expect(await problemsOf([started(0, 0), login(1, 920), recovered(2, 921), started(3, 921, remote)])).toEqual([
    'rolled_back',
  ])
})

it('what the range itself says of such a key does not count', async () => {
  const lines = [started(0, 0, remote), login(1, 60), recovered(2, 61), started(3, 61)]
  expect(await problemsOf(lines)).toEqual(['rolled_back'])
})
