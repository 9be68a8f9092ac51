// `trailproof verify`
import { readFileSync } from 'node:fs'
import {
  isTrailproofError,
  type LogReport,
  type Note,
  type Problem,
  parseKeys,
  type RootReport,
  TrailproofError,
  verifyRoot,
} from '@trailproof/core'
import { ProgressLine, print, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface VerifyCommand {
  key: string[]
  origin?: string
  against: string[]
  json?: boolean
}

export async function verify(path: string, { key, origin, against, json }: VerifyCommand): Promise<number> {
  const progress = new ProgressLine()
  const report = await verifyRoot(path, {
    keys: key.map(fileOrText),
    origin,
    against: against.map((file) => readFileSync(file, 'utf8')),
    onProgress: ({ log, lines, bytes }) =>
      progress.show(() => `${safe(log, 40)}: ${lines} records, ${Math.round(bytes / 1e6)} MB`),
  }).finally(() => progress.clear())
  process.exitCode = report.ok ? 0 : 1 // before a word is printed: whoever closes the pipe early still learns it
  if (json) await printJson({ ok: report.ok, trust: report.trust, logs: report.logs })
  else await print(readable(report, against.length > 0))
  return report.ok ? 0 : 1
}

// A vkey may look like a path (its name has slashes), so what is a file is read as one.
function fileOrText(key: string): string {
  try {
    return readFileSync(key, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return mustBeKey(key)
    throw error
  }
}

// A path with a slip of the pen is more likely than a key with one, so both are said.
function mustBeKey(key: string): string {
  try {
    parseKeys(key)
    return key
  } catch (cause) {
    if (!isTrailproofError(cause)) throw cause
    throw new TrailproofError('TRAILPROOF_KEY_INVALID', `there is no file ${safe(key)}, and it is no key either`, {
      hint: 'a file, a vkey (name+id+key), 32 bytes of base64, or a PEM public key',
      cause,
    })
  }
}

const TRUST = {
  self: 'self: the key came from the log folder itself, so someone who holds folder and key could have rewritten all.\n       Give --key with the public key as you know it from elsewhere.',
  key: 'key: the signatures were checked with the key you gave.',
}

const WITHOUT_ANCHOR = `not shown by this: a log that was rolled back to an older state as a whole, or whose last records were cut off together
with their checkpoints. Keep checkpoints elsewhere (copy the file "checkpoint") and compare with --against.`

function readable({ ok, trust, logs }: RootReport, anchored: boolean): string {
  const bad = logs.filter(({ problems }) => problems.length > 0).length
  const end = ok
    ? 'ok'
    : `NOT OK: ${bad} of ${logs.length} ${logs.length === 1 ? 'log' : 'logs'} ${bad === 1 ? 'has' : 'have'} problems`
  return [...logs.map(aboutLog), `trust: ${TRUST[trust]}`, ...(anchored ? [] : [WITHOUT_ANCHOR]), end, ''].join('\n')
}

function aboutLog(log: LogReport): string {
  const state = log.problems.length === 0 ? 'ok' : 'NOT OK'
  const lines = [
    `${safe(log.name)}: ${state}`,
    `  origin       ${safe(log.origin) || 'unknown'}`,
    `  records      ${log.size}${log.unsigned > 0 ? `, the last ${log.unsigned} not signed yet` : ''}`,
    `  checkpoints  ${log.checkpoints} verified, the newest over ${log.signed} records`,
    `  root         ${log.root}`,
    ...(log.keys ?? []).map(
      ({ id, from, to }) =>
        `  key          ${id} signs ${to === undefined ? `from size ${from} on` : `up to size ${to}`}`,
    ),
    ...(log.newest === undefined
      ? []
      : [`  newest       ${safe(log.newest)} (as its own clock read; nothing outside vouches for it)`]),
    ...log.problems.map((problem) => `  PROBLEM      ${where(problem)}: ${problem.kind}: ${safe(problem.detail, 400)}`),
    ...log.notes.map((note) => `  note         ${note.kind}: ${safe(note.detail, 400)}`),
  ]
  return `${lines.join('\n')}\n`
}

function where(place: Problem | Note): string {
  if ('index' in place && place.index !== undefined) return `at ${place.index}`
  return 'from' in place ? `from ${place.from} up to ${place.to}` : ''
}
