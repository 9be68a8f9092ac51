// `trailproof retain`
import { userInfo } from 'node:os'
import { basename } from 'node:path'
import { findLogs, isTrailproofError, type Retained, retainLog } from '@trailproof/core'
import { describe, type Failure } from '../failure.js'
import { print, printJson } from '../output.js'
import { safe } from '../terminal.js'
import { keysBeside } from './doctor.js'

export interface RetainCommand {
  olderThan: number
  dryRun?: boolean
  yes?: boolean
  keys?: string
  json?: boolean
}

interface Done {
  log: string
  runs?: Retained[]
  failure?: Failure
  /** The log does not verify. */
  bad?: boolean
}

const NOT_ASKED = 'nothing was removed: add --yes to remove it'

/** Exit 1: a log does not verify. Exit 2: a log could not be purged, or --yes is missing. */
export async function retain(path: string, options: RetainCommand): Promise<number> {
  const { json, olderThan: olderThanDays } = options
  const remove = options.yes === true && !options.dryRun
  const keys = options.keys ?? keysBeside(path)
  const logs: Done[] = []
  for (const folder of await findLogs(path))
    logs.push(await one(folder, () => retainLog(folder, { olderThanDays, by: whoAsks(), dryRun: !remove, keys })))
  const refused = !remove && !options.dryRun
  const code = logs.some(({ bad }) => bad) ? 1 : refused || logs.some(({ failure }) => failure) ? 2 : 0
  process.exitCode = code
  if (json) await printJson({ ok: code === 0, removed: remove, logs: logs.map(({ bad: _, ...log }) => log) })
  else await print(`${logs.map((log) => readable(log, remove)).join('')}${refused ? `${NOT_ASKED}\n` : ''}`)
  return code
}

/** One log that cannot be purged keeps none of the others from it. */
async function one(folder: string, run: () => Promise<Retained[]>): Promise<Done> {
  const log = basename(folder)
  try {
    return { log, runs: await run() }
  } catch (error) {
    if (!isTrailproofError(error)) throw error
    return { log, failure: describe(error), bad: Array.isArray(error['problems']) }
  }
}

function whoAsks(): string {
  try {
    return `trailproof retain, run by ${userInfo().username}`
  } catch {
    return 'trailproof retain' // the user has no name in this container
  }
}

function readable({ log, runs = [], failure }: Done, removed: boolean): string {
  const name = safe(log)
  if (failure) return `${name}: ${failure.code}: ${safe(failure.message, 400)}\n`
  const lines = runs.flatMap(({ purged, resumed }) => [
    ...(resumed > 0
      ? [`${name}: ${segments(resumed)} of an earlier run ${removed ? 'removed' : 'would be removed'}`]
      : []),
    ...(purged
      ? [
          `${name}: records ${purged.from} to ${purged.to - 1} ${removed ? 'removed' : 'would be removed'}: ${segments(purged.segments)}, ${megabytes(purged.bytes)}, the newest of ${purged.newest.slice(0, 10)}`,
        ]
      : []),
  ])
  return `${lines.length > 0 ? lines.join('\n') : `${name}: nothing is old enough`}\n`
}

const segments = (count: number) => `${count} ${count === 1 ? 'segment' : 'segments'}`
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
