// What may stand behind the end of a closed segment, and what may not.
import { afterAll, expect, test } from 'vitest'
import { folderReader, verifyLog } from '../../src/verify/index.js'
import { logFiles, makeLine, makeSigner, planOf, removeTempDirs, segmentPath, writeLog } from './fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const plan = { ...planOf(signer, 10), rolls: [6] }
const line = (seq: number) => plan.lines[seq]!

async function behind(extra: string | Buffer, of = plan) {
  const files = logFiles(of)
  files.set(segmentPath(0), Buffer.concat([Buffer.from(files.get(segmentPath(0))!), Buffer.from(extra)]))
  const { problems, notes } = await verifyLog(folderReader(writeLog(files)), { keys: [signer.vkey] })
  return { problems: problems.map(({ detail: _, ...problem }) => problem), notes: notes.map(({ kind }) => kind) }
}
const forged = (seq: number) => makeLine(seq, { event: 'login.succeeded' })

test.each([
  ['the lines that were written again', `${line(6)}\n${line(7)}\n`],
  ['half a line', `${line(6)}\n${line(7).slice(0, 20)}`],
  ['a line without its end', line(6)],
  ['NUL where bytes did not arrive', `${line(6).slice(0, 20)}${'\0'.repeat(5000)}`],
  ['NUL alone', '\0'.repeat(5000)],
  ['all lines and half of the next one', `${[6, 7, 8, 9].map((seq) => `${line(seq)}\n`).join('')}{"v":1,"se`],
])('%s: left by a failed write', async (_, extra) => {
  expect(await behind(extra)).toEqual({ problems: [], notes: ['leftover'] })
})

test.each([
  ['another record', `${forged(6)}\n`, { index: 6 }],
  ['a record with a space behind it', `${line(6)} \n`, { index: 6 }],
  ['a forged record with a space behind it', `${forged(6)} \n`, { index: 6 }],
  ['a forged record with a carriage return', `${forged(6)}\r\n`, { index: 6 }],
  ['a forged record without its end', forged(6), { index: 6 }],
  ['text', 'nobody did it\n', { index: 6 }],
  [
    'a record past the end of the log',
    `${[6, 7, 8, 9].map((seq) => `${line(seq)}\n`).join('')}${forged(10)}\n`,
    { index: 10 },
  ],
  [
    'a record past the end without its own',
    `${[6, 7, 8, 9].map((seq) => `${line(seq)}\n`).join('')}${forged(10)}`,
    { index: 10 },
  ],
  ['several', `${[6, 7, 8].map((seq) => `${forged(seq)}\n`).join('')}`, { from: 6, to: 9 }],
])('%s: inserted', async (_, extra, place) => {
  expect((await behind(extra)).problems).toEqual([{ kind: 'inserted', ...place }])
})

test('two segments that left lines for one index must both be right', async () => {
  const of = { ...plan, rolls: [6, 7] }
  const files = logFiles(of)
  files.set(segmentPath(0), `${files.get(segmentPath(0))}${line(6)}\n${forged(7)}\n`)
  files.set(segmentPath(6), `${files.get(segmentPath(6))}${line(7)}\n`)
  const { problems } = await verifyLog(folderReader(writeLog(files)))
  expect(problems).toMatchObject([{ kind: 'inserted', index: 7 }])
})

const unsigned = planOf(signer, 10, [7])
test.each([
  ['a space', `${forged(10)} \n`],
  ['a carriage return', `${forged(10)}\r\n`],
  ['a carriage return and no end', `${forged(10)}\r`],
])('a record above the newest checkpoint with %s is not what a crash leaves', async (_, extra) => {
  const { problems, notes } = await behind(extra, { ...unsigned, rolls: [] })
  expect({ problems, torn: notes.includes('torn') }).toEqual({
    problems: [{ kind: 'bad_line', index: 10 }],
    torn: false,
  })
})

test('a whole record that lacks its end alone is told as a record, since it reads as one', async () => {
  expect(await behind(line(9).replace('"seq":9', '"seq":10'), { ...unsigned, rolls: [] })).toEqual({
    problems: [],
    notes: ['unsigned', 'unsigned'],
  })
})
