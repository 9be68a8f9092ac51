// From the facts of a walk to problems and notes: what was damaged, what a crash left, what nobody signed.
import type { Mark, Marks } from './marks.js'
import type { Reader } from './reader.js'
import { type Note, type Problem, placeOf } from './report.js'
import { signedAnew } from './signed-anew.js'
import { TILE_HASHES } from './subtrees.js'
import type { Walk } from './walk.js'

/** Compares with the log's tiles from the first doubtful leaf on; undefined when the tiles are no help (missing, altered). */
type Locate = (from: number, signed: number) => Promise<Problem[] | undefined>

export async function concludeLines(
  walk: Walk,
  marks: Marks,
  reader: Reader,
  locate: Locate,
): Promise<{ problems: Problem[]; notes: Note[] }> {
  const problems: Problem[] = [...forks(walk), ...rollbacks(walk)]
  const notes: Note[] = []
  const damaged = firstMisfit(walk) !== undefined || walk.signed > walk.lines
  // Against a log that was continued after a rollback, the lines fit their own signatures and not the ones kept elsewhere.
  const from = Math.max(walk.fit, walk.purged.begin)
  if (damaged)
    problems.push(...((await locate(from, Math.max(walk.signed, from))) ?? [...keptTiles(walk), ...interval(walk)]))
  else problems.push(...tileProblems(walk), ...signedFaults(walk), ...strays(walk))
  problems.push(...unsignedFaults(walk), ...(await signedAnew(reader, walk.recovered, walk.lines)))
  if (!damaged) problems.push(...(await tooWide(walk, reader)))

  const size = walk.torn?.index ?? walk.lines
  if (marks.seen === 0 && walk.lines > 0)
    problems.push({
      kind: 'unreadable',
      from: 0,
      to: walk.lines,
      detail: 'there is no checkpoint: nothing in this log is signed',
    })
  else if (size > walk.signed)
    notes.push({
      kind: 'unsigned',
      from: walk.signed,
      to: size,
      detail: `${size - walk.signed} records above the newest checkpoint: no signature covers them yet`,
    })
  if (walk.lines === 0 && walk.signed === 0) notes.push({ kind: 'empty', detail: 'the log holds no record' })
  if (walk.torn && walk.torn.index >= walk.signed)
    notes.push({
      kind: 'torn',
      index: walk.torn.index,
      detail: 'a write was cut off here, as a crash leaves it; no signature covers it',
    })
  if (walk.unended !== undefined)
    notes.push({
      kind: 'unsigned',
      index: walk.unended,
      detail: `a whole record stands at ${walk.unended}, without its line end; no signature covers it`,
    })
  if (walk.extras.count > 0)
    notes.push({
      kind: 'leftover',
      detail: `${walk.extras.count} lines at the end of a segment were superseded by the next one`,
    })
  for (const { from, to } of walk.recovered)
    notes.push({ kind: 'recovered', from, to, detail: `records ${from} to ${to - 1} were signed only at recovery` })
  return { problems, notes }
}

const firstMisfit = (walk: Walk): Mark | undefined => walk.misfits.find((mark) => mark.size > walk.fit && mark.own)

// A larger signed root fits, and it covers the smaller size: then this one was signed over another history.
function forks(walk: Walk): Problem[] {
  const contradict = walk.misfits.filter(
    (mark) => mark.size <= walk.fit || (!mark.own && firstMisfit(walk) === undefined),
  )
  return contradict.map(({ size, own }) => ({
    kind: 'forked',
    index: size,
    detail: `${own ? 'a checkpoint of this log' : 'the checkpoint to compare with'} signs another tree of size ${size} than the one this log holds`,
  }))
}

function rollbacks(walk: Walk): Problem[] {
  const size = Math.max(walk.lines, walk.signed)
  const larger = walk.beyond.filter((mark) => !mark.own && mark.size > size).at(-1)
  if (!larger) return []
  return [
    {
      kind: 'rolled_back',
      from: size,
      to: larger.size,
      detail: `the log was ${larger.size} records long when the checkpoint to compare with was signed; now it has ${walk.lines}`,
    },
  ]
}

// A line added behind the end of a segment is in no tree, yet a person who reads the file would take it for a record. (When
// there is other damage, lines pushed over the end by it look the same, and locate has told the cause.)
function strays(walk: Walk): Problem[] {
  return walk.extras.strays.map(({ from, to }) => ({
    kind: 'inserted',
    ...placeOf(from, to),
    detail: `a segment holds, after its end, what is not what the log has at ${to === from + 1 ? `index ${from}` : `indexes ${from} to ${to - 1}`}`,
  }))
}

// Without tiles to compare with, the two signed sizes around the damage are all that can be proved.
function interval(walk: Walk): Problem[] {
  const { fit, lines, signed } = walk
  const clean = !walk.faults.list.some(({ index }) => index >= fit) && !walk.gaps.some(({ to }) => to > fit)
  const misfit = firstMisfit(walk)
  const problems: Problem[] = []
  if (misfit || !clean) {
    const to = misfit?.size ?? signed
    const fewer = walk.gaps.length > 0 || signed > lines
    const detail = `the lines give the signed root of size ${fit}, not that of size ${to}; there are no authentic hash tiles to tell which record it is`
    problems.push({ kind: fewer ? 'missing' : 'altered', from: fit, to, detail })
  }
  if (signed > lines && clean)
    problems.push({
      kind: 'truncated',
      from: lines,
      to: signed,
      detail: `the log ends at ${lines}; ${signed - lines} signed records are cut off`,
    })
  for (const { from, to } of walk.gaps)
    if (to > fit) problems.push({ kind: 'missing', from, to, detail: `no segment holds records ${from} to ${to - 1}` })
  return [...problems, ...badLines(walk, fit, signed)]
}

// The root fits, so these lines are what was signed; whoever held the key signed them so.
const signedFaults = (walk: Walk): Problem[] => badLines(walk, 0, walk.signed)

// Above the signatures a crash may leave half a line and garbage, but only at the end; whole records count on.
function unsignedFaults(walk: Walk): Problem[] {
  const torn = walk.torn?.index ?? Number.POSITIVE_INFINITY
  const gaps = walk.gaps.filter(({ from }) => from >= walk.signed)
  const lost: Problem[] = gaps.map(({ from, to }) => ({
    kind: 'missing',
    from,
    to,
    detail: `no segment holds records ${from} to ${to - 1}`,
  }))
  return [...lost, ...badLines(walk, walk.signed, torn)]
}

function badLines(walk: Walk, from: number, to: number): Problem[] {
  const faults = walk.faults.list.filter(({ index }) => index >= from && index < to)
  return faults.map(({ index, detail }) => ({ kind: 'bad_line', index, detail }))
}

// Of purged records nothing but tiles is left, so where two levels of them disagree, one was changed.
function keptTiles(walk: Walk): Problem[] {
  return walk.tiles.differences
    .filter(({ index }) => index < walk.purged.begin)
    .map(({ index, level }) => {
      const to = Math.min(index + TILE_HASHES ** level, walk.purged.begin)
      return {
        kind: 'tile_altered',
        from: index,
        to,
        detail: `the kept hashes of purged records ${index} to ${to - 1} were changed`,
      }
    })
}

function tileProblems(walk: Walk): Problem[] {
  return walk.tiles.differences.map(({ index, detail }) => {
    const judged = index < walk.fit ? 'the lines fit their signatures' : 'no signature tells which of the two is right'
    return { kind: 'tile_altered', index, detail: `${detail}; ${judged}` }
  })
}

// Tiles are written after the lines they stand for. On a running log lines may have come since; then there is no hole.
async function tooWide(walk: Walk, reader: Reader): Promise<Problem[]> {
  const { extent } = walk.tiles
  if (extent <= walk.lines) return []
  for await (const { first, ends } of reader.read(walk.lines)) if (first + ends.length > walk.lines) return []
  return [
    {
      kind: 'truncated',
      from: walk.lines,
      to: extent,
      detail: `the hash tiles stand for ${extent} records, the log has ${walk.lines}`,
    },
  ]
}
