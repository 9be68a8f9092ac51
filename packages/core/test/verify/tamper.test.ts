// Random logs, random edits by somebody without the key. Nothing may pass, and the first affected record is named exactly
// while the tiles are the signed ones, else the interval between the two signed sizes around it.
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { folderReader, type Problem, verifyLog } from '../../src/verify/index.js'
import {
  type LogPlan,
  leafOf,
  logFiles,
  makeLine,
  makeSigner,
  planOf,
  removeTempDirs,
  segmentPath,
  tileFiles,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)
const signer = makeSigner()
const numRuns = effort(60, 2000)

interface Edit {
  kind: 'byte' | 'remove' | 'insert' | 'copy' | 'swap' | 'cut'
  /** 0..1, of the signed lines. */
  at: number
  other: number
  /** For byte: where in the line, and what is xored on it. */
  offset: number
  flip: number
}

const anEdit = fc.record<Edit>({
  kind: fc.constantFrom('byte', 'remove', 'insert', 'copy', 'swap', 'cut'),
  at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  other: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  offset: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  flip: fc.integer({ min: 1, max: 255 }),
})

const aPlan = fc
  .record({
    n: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 250, max: 600 })),
    sizes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    rolls: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 2 }),
    tail: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ n, sizes, rolls, tail }): LogPlan => {
    const signed = [...new Set([...sizes.map((part) => Math.floor(part * n)), n])].sort((a, b) => a - b)
    const starts = [...new Set(rolls.map((part) => Math.floor(part * n)))].filter((at) => at > 0).sort((a, b) => a - b)
    return { ...planOf(signer, n + tail, signed), rolls: starts }
  })

/** Edits the bytes of the segments, as a person with an editor would: the segments' names stay. First affected index, or undefined. */
function tamper(plan: LogPlan, files: Map<string, string | Buffer>, edit: Edit): number | undefined {
  const signed = plan.signed.at(-1)!
  const at = Math.floor(edit.at * signed)
  const starts = [0, ...(plan.rolls ?? [])]
  const segment = starts.filter((first) => first <= at).at(-1)!
  const end = starts.find((first) => first > at) ?? plan.lines.length
  const lines = plan.lines.slice(segment, end).map((line) => Buffer.from(`${line}\n`))
  const here = at - segment
  const there = Math.floor(edit.other * Math.min(lines.length, signed - segment))
  switch (edit.kind) {
    case 'byte':
      lines[here]![Math.floor(edit.offset * lines[here]!.length)]! ^= edit.flip
      break
    case 'remove':
      lines.splice(here, 1)
      break
    case 'insert':
      lines.splice(here, 0, Buffer.from(`${makeLine(at, { event: 'login.succeeded' })}\n`))
      break
    case 'copy':
      lines.splice(here, 0, lines[there]!)
      break
    case 'swap': {
      if (there === here) return undefined
      const line = lines[here]!
      lines[here] = lines[there]!
      lines[there] = line
      break
    }
    case 'cut':
      lines.splice(here)
  }
  files.set(segmentPath(segment), Buffer.concat(lines))
  if (edit.kind === 'swap') return segment + Math.min(here, there)
  // A copy of the line itself stands first where it stood: what follows it is what is new.
  if (edit.kind === 'copy' && there === here) return at + 1
  return at
}

const firstOf = (problem: Problem) => ('index' in problem ? problem.index : problem.from)
const verify = (files: Map<string, string | Buffer>) =>
  verifyLog(folderReader(writeLog(files)), { keys: [signer.vkey] })

test('any byte, line or order changed below the last checkpoint is found, and the first affected record named', async () => {
  await fc.assert(
    fc.asyncProperty(aPlan, anEdit, async (plan, edit) => {
      const files = logFiles(plan)
      const first = tamper(plan, files, edit)
      if (first === undefined) return
      const { problems } = await verify(files)
      expect(problems.length).toBeGreaterThan(0)
      expect(firstOf(problems[0]!)).toBe(first)
    }),
    { numRuns: numRuns * 4 },
  )
})

test('with the tiles recomputed to fit the edit, the interval between the two signed sizes around it is named', async () => {
  await fc.assert(
    fc.asyncProperty(aPlan, anEdit, async (plan, edit) => {
      const files = logFiles(plan)
      const first = tamper(plan, files, edit)
      if (first === undefined) return
      for (const path of [...files.keys()]) if (path.startsWith('tile/')) files.delete(path)
      const edited = [0, ...(plan.rolls ?? [])].flatMap((start) => linesIn(files.get(segmentPath(start))!))
      for (const [path, bytes] of tileFiles(edited.slice(0, plan.signed.at(-1)).map(leafOf))) files.set(path, bytes)
      const { problems } = await verify(files)
      expect(problems.length).toBeGreaterThan(0)
      // An inserted copy right before a signed size leaves that size as it was.
      const fits = [0, ...plan.signed].filter((size) => size <= first).at(-1)!
      const broken = plan.signed.find((size) => size > first) ?? plan.signed.at(-1)!
      const cover = problems.some(
        (problem) =>
          firstOf(problem) >= fits &&
          firstOf(problem) <= first &&
          ('index' in problem
            ? problem.index === first
            : problem.to > first &&
              (problem.to <= broken || problem.kind === 'truncated' || problem.kind === 'missing')),
      )
      expect({ cover, problems: cover ? [] : problems }).toEqual({ cover: true, problems: [] })
      expect(firstOf(problems[0]!)).toBeGreaterThanOrEqual(fits)
    }),
    { numRuns: numRuns * 2 },
  )
})

const linesIn = (content: string | Buffer): Buffer[] => {
  const bytes = Buffer.from(content)
  const lines: Buffer[] = []
  for (let at = 0, end = bytes.indexOf(0x0a); end >= 0; at = end + 1, end = bytes.indexOf(0x0a, at))
    lines.push(bytes.subarray(at, end))
  return lines
}

test('any byte changed in a checkpoint is found', async () => {
  await fc.assert(
    fc.asyncProperty(
      aPlan,
      fc.constantFrom('checkpoint', 'checkpoints.log'),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      fc.integer({ min: 1, max: 127 }),
      async (plan, name, at, flip) => {
        const files = logFiles(plan)
        const bytes = Buffer.from(files.get(name)!)
        bytes[Math.floor(at * bytes.length)]! ^= flip
        files.set(name, bytes)
        const { problems, notes } = await verify(files)
        // The very end of checkpoints.log may look as if a crash had torn it: then it is told, and the copy in `checkpoint` holds.
        expect(problems.length > 0 || notes.some(({ kind }) => kind === 'torn')).toBe(true)
      },
    ),
    { numRuns },
  )
})

test('any byte changed in a tile is found, and the record below it named', async () => {
  await fc.assert(
    fc.asyncProperty(
      aPlan,
      fc.nat(),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
      async (plan, which, at, flip) => {
        const files = logFiles(plan)
        const tiles = [...files.keys()].filter((path) => path.startsWith('tile/'))
        const path = tiles[which % tiles.length]!
        const bytes = Buffer.from(files.get(path)!)
        const offset = Math.floor(at * bytes.length)
        bytes[offset]! ^= flip
        files.set(path, bytes)
        const [, level, n] = /^tile\/(\d)\/(\d{3})/.exec(path)!
        const index = (Number(n) * 256 + Math.floor(offset / 32)) * 256 ** Number(level)
        expect((await verify(files)).problems).toMatchObject([{ kind: 'tile_altered', index }])
      },
    ),
    { numRuns },
  )
})
