// `trailproof verify`
import { readFileSync } from 'node:fs'
import { folderSource, timestampSource } from '@trailproof/anchors'
import { type LogReport, type Note, type Problem, type RootReport, TrailproofError, verifyRoot } from '@trailproof/core'
import { tellFinding } from '../finding.js'
import { keyFileOrText } from '../key-option.js'
import { notesOf } from '../meta-notes.js'
import { ProgressLine, print, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface VerifyCommand {
  key: string[]
  origin?: string
  against: string[]
  meta?: string
  threads?: number
  policy?: string
  anchorFolder: string[]
  tsaCa: string[]
  requireAnchor?: boolean
  maxAge?: number
  json?: boolean
}

export async function verify(path: string, options: VerifyCommand): Promise<number> {
  const { key, origin, against, meta, threads, policy, anchorFolder, tsaCa, requireAnchor, maxAge, json } = options
  const anchors = [
    ...anchorFolder.map(folderSource),
    ...tsaCa.map((file) => timestampSource({ ca: readFileSync(file, 'utf8') })),
  ]
  const named = anchors.length > 0 || policy !== undefined
  if (!named && (requireAnchor || maxAge !== undefined))
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'no anchor is named', {
      hint: 'give --anchor-folder, --tsa-ca or --policy with --require-anchor and --max-age',
    })
  let recorded: string[] = []
  const read = async () => {
    recorded = meta === undefined ? [] : await notesOf(meta, path)
    return 0
  }
  if ((await tellFinding(json, read)) !== 0) return 1
  const progress = new ProgressLine()
  const report = await verifyRoot(path, {
    keys: key.map(keyFileOrText),
    origin,
    against: [...against.map((file) => readFileSync(file, 'utf8')), ...recorded],
    threads,
    ...(policy !== undefined && { policy: readFileSync(policy, 'utf8') }),
    anchors,
    requireAnchor,
    maxAgeSeconds: maxAge,
    onProgress: ({ log, lines, bytes }) =>
      progress.show(() => `${safe(log, 40)}: ${lines} records, ${Math.round(bytes / 1e6)} MB`),
  }).finally(() => progress.clear())
  process.exitCode = report.ok ? 0 : 1 // before a word is printed: whoever closes the pipe early still learns it
  if (json) await printJson({ ok: report.ok, trust: report.trust, logs: report.logs })
  else await print(readable(report, { compared: against.length + recorded.length > 0, named }))
  return report.ok ? 0 : 1
}

const TRUST = {
  self: 'self: the key came from the log folder itself, so someone who holds folder and key could have rewritten all.\n       Give --key with the public key as you know it from elsewhere.',
  key: 'key: the signatures were checked with the key you gave.',
  anchored:
    'anchored: the same, and an anchor that you named has a checkpoint of each log: what lies below it could not be changed since.',
}

const WITHOUT_ANCHOR = `not shown by this: a log that was rolled back to an older state as a whole, or whose last records were cut off together
with their checkpoints. Keep checkpoints elsewhere: an anchor (--anchor-folder, --tsa-ca), or copies of the file
"checkpoint" (--against).`

/** `compared`: with checkpoints from elsewhere. `named`: anchors were. */
function readable({ ok, trust, logs }: RootReport, { compared, named }: { compared: boolean; named: boolean }): string {
  const bad = logs.filter(({ problems }) => problems.length > 0).length
  const end = ok
    ? 'ok'
    : `NOT OK: ${bad} of ${logs.length} ${logs.length === 1 ? 'log' : 'logs'} ${bad === 1 ? 'has' : 'have'} problems`
  return [
    ...logs.map((log) => aboutLog(log, named)),
    `trust: ${TRUST[trust]}`,
    ...(compared || logs.every(({ anchored }) => anchored) ? [] : [WITHOUT_ANCHOR]),
    end,
    '',
  ].join('\n')
}

function aboutLog(log: LogReport, named: boolean): string {
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
    ...(log.witnessed === undefined ? [] : [`  witnessed    ${witnessed(log.witnessed)}`]),
    ...(named ? [`  anchored     ${aboutAnchor(log)}`] : []),
    ...log.problems.map((problem) => `  PROBLEM      ${where(problem)}: ${problem.kind}: ${safe(problem.detail, 400)}`),
    ...log.notes.map((note) => `  note         ${note.kind}: ${safe(note.detail, 400)}`),
  ]
  return `${lines.join('\n')}\n`
}

function witnessed({ size, witnesses }: NonNullable<LogReport['witnessed']>): string {
  const names = witnesses.map(({ name, time }) => `${safe(name, 60)} at ${safe(time, 40)}`)
  return `${size} records, cosigned by ${names.join(', ')}`
}

function aboutAnchor({ anchored, unanchored, unanchoredSeconds }: LogReport): string {
  if (!anchored) return `nowhere: none of the anchors that were named has a checkpoint of it`
  const { size, by, time, ageSeconds } = anchored
  const when = time === undefined ? '' : `, at ${time}, ${ageSeconds} seconds ago`
  const seconds = unanchoredSeconds === undefined ? '' : ` of ${unanchoredSeconds} seconds`
  return `${size} records, by ${safe(by)}${when}; ${unanchored} records${seconds} lie above`
}

function where(place: Problem | Note): string {
  if ('index' in place && place.index !== undefined) return `at ${place.index}`
  return 'from' in place ? `from ${place.from} up to ${place.to}` : ''
}
