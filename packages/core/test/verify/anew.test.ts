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

it('what a checkpoint before it covers was signed before, whatever a record says that somebody has appended', async () => {
  const lines = [started(0, 0), login(1, 20), login(2, 40), recovered(3, 41), login(4, 41)]
  const signedBefore = async (sizes: number[], claimed = lines) => {
    const notes = [...sizes, claimed.length].map((size) => makeNote(signer, claimed.slice(0, size).map(leafOf)))
    const dir = writeLog(
      new Map([
        ['log.vkey', `${signer.vkey}\n`],
        [segmentPath(0), claimed.map((line) => `${line}\n`).join('')],
        ['checkpoints.log', notes.join('')],
        ['checkpoint', notes.at(-1)!],
      ]),
    )
    const { problems, recovered } = await verifyLog(folderReader(dir), { keys: [signer.vkey] })
    return { problems: problems.map(({ kind }) => kind), recovered }
  }
  expect(await signedBefore([1, 2, 3])).toEqual({ problems: [], recovered: [] })
  expect(await signedBefore([2])).toEqual({ problems: [], recovered: [{ from: 2, to: 3 }] })
  expect(await signedBefore([4])).toEqual({ problems: ['rolled_back'], recovered: [{ from: 0, to: 3 }] })
  // Nor for what comes behind it.
  const ahead = lines.with(3, makeLine(3, { event: 'audit.recovered', time: at(41), data: { from: 3, to: 99 } }))
  expect(await signedBefore([3], ahead)).toEqual({ problems: [], recovered: [] })
})

it('a thousand false ones do not hide that the log was signed anew', async () => {
  const lines = [started(0, 0), login(1, 20)]
  for (let seq = 2; seq < 1500; seq++)
    lines.push(makeLine(seq, { event: 'audit.recovered', time: at(21), data: { from: 1, to: 2 } }))
  expect(await problemsOf([...lines, recovered(1500, 22), started(1501, 22)])).toEqual(['rolled_back'])
})
