// `trailproof meta`: keeps a meta-log over the logs of several processes, until it is stopped; with --once, one round.
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { folderAnchor } from '@trailproof/anchors'
import { type Finding, openMetaLog, type Round, TrailproofError } from '@trailproof/core'
import { keyFileOrText } from '../key-option.js'
import { print, printJson } from '../output.js'
import { safe } from '../terminal.js'
import { keysBeside } from './doctor.js'

export interface MetaCommand {
  expect: string[]
  retired: string[]
  key: string[]
  keys?: string
  folder?: string
  anchorFolder: string[]
  /** Milliseconds. */
  every: number
  silentAfter: number
  once?: boolean
  json?: boolean
}

/** Exit 1: something is wrong with a log, at the end. */
export async function meta(roots: string[], options: MetaCommand): Promise<number> {
  const { expect, retired, key, keys, folder, anchorFolder, every, silentAfter, once, json } = options
  // A slip of the pen would begin a new meta-log, which knows of nothing that could be missing.
  if (folder === undefined && !existsSync(roots[0]!))
    throw new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', `there is no folder ${safe(roots[0]!)}`, {
      hint: 'give the root folder of the logs; with --folder, the meta-log is kept elsewhere',
    })
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const log = await openMetaLog({
    roots,
    folder,
    keys: { dir: keys ?? keysBeside(roots[0]!) },
    expect: expect.map(fileOrText),
    logKeys: key.map(keyFileOrText),
    retired,
    silentAfterMs: silentAfter,
    anchors: anchorFolder.map((dir, i) => folderAnchor(dir, { name: i === 0 ? 'folder' : `folder-${i + 1}` })),
  })
  try {
    if (log.opened.damaged) await tell(log.opened.damaged.message, { damaged: log.opened.damaged.message }, json)
    for (let first = true; ; first = false) {
      const round = await log.round()
      process.exitCode = round.findings.length === 0 ? 0 : 1
      await tellRound(round, first, json)
      if (once || stop.signal.aborted) break
      await sleep(every, undefined, { signal: stop.signal }).catch(() => {})
      if (stop.signal.aborted) break
    }
  } finally {
    await log.close()
  }
  return Number(process.exitCode)
}

function fileOrText(text: string): string {
  return existsSync(text) ? readFileSync(text, 'utf8') : text
}

// The first round says all, the ones after it what has changed.
async function tellRound(round: Round, first: boolean, json: boolean | undefined): Promise<void> {
  const { logs, findings, began, ended } = round
  if (!first && began.length === 0 && ended.length === 0) return
  if (json) return printJson({ ok: findings.length === 0, logs, findings, began, ended })
  const lines = [
    ...(first
      ? logs.map(({ folder, log, size, ok }) =>
          row(ok ? 'ok' : 'NOT OK', folder, `${size === undefined ? '-' : `${size} records`}  ${log}`),
        )
      : []),
    ...(first ? findings : began).map((finding) => row(finding.kind, finding.folder ?? '-', about(finding))),
    ...ended.map((finding) => row('ended', finding.folder ?? '-', `${finding.kind}  ${finding.log}`)),
    ...(findings.length === 0
      ? ['ok']
      : [`NOT OK: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`]),
  ]
  await print(`${lines.join('\n')}\n`)
}

const about = ({ log, detail }: Finding) => `${log}: ${detail}`

const row = (state: string, folder: string, detail: string) =>
  `${state.padEnd(13)} ${safe(folder, 40).padEnd(12)} ${safe(detail, 400)}`

const tell = (text: string, value: unknown, json: boolean | undefined) =>
  json ? printJson(value) : print(`${safe(text, 600)}\n`)
