// `trailproof tail`
import { basename, resolve } from 'node:path'
import { findLogs, followLog, isTrailproofError, lastLines } from '@trailproof/core'
import { merge } from '../merge.js'
import { print } from '../output.js'
import { header, recordLine, seqOf, timeOf } from '../record-line.js'

export interface TailOptions {
  follow?: boolean
  lines: number
  json?: boolean
}

/** New logs (another slot, the log after a damaged one) are looked for this often while following. */
const LOOK_EVERY_MS = 1000

export async function tail(path: string, { follow, lines, json }: TailOptions): Promise<number> {
  const folders = await findLogs(path)
  const several = resolve(folders[0]!) !== resolve(path)
  const show = (folder: string, bytes: Uint8Array) =>
    print(json ? Buffer.concat([bytes, Buffer.from('\n')]) : recordLine(bytes, several ? basename(folder) : undefined))

  const logs = await Promise.all(folders.map((folder) => endOf(folder, lines)))
  if (!json) await print(header(several))
  const merged = merge(logs.map(({ last }) => last))
  for (const { folder, bytes } of merged.slice(Math.max(0, merged.length - lines))) await show(folder, bytes)
  if (follow) await followAll(path, logs, show)
  return 0
}

interface End {
  folder: string
  last: { folder: string; bytes: Uint8Array; time: string }[]
  /** Index behind the last line that stood there: following begins here, so that none is shown twice or left out. */
  next: number
}

async function endOf(folder: string, lines: number): Promise<End> {
  const found = await lastLines(folder, Math.max(1, lines))
  const seq = found.length > 0 ? seqOf(found.at(-1)!) : -1
  const last = lines === 0 ? [] : found.map((bytes) => ({ folder, bytes, time: timeOf(bytes) }))
  return { folder, last, next: seq === undefined ? 0 : seq + 1 }
}

type Show = (folder: string, bytes: Uint8Array) => Promise<void>

async function followAll(path: string, logs: readonly End[], show: Show): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const known = new Set(logs.map(({ folder }) => folder))
  const begin = async (folder: string, from: number) => {
    for await (const { bytes } of followLog(folder, { from, signal: stop.signal })) await show(folder, bytes)
  }
  await new Promise<void>((resolve, reject) => {
    // A log that is just being made has its folder first and its lines later: it is looked for again.
    const follow = (folder: string, from: number) =>
      begin(folder, from).catch((error) => {
        if (isTrailproofError(error, 'TRAILPROOF_LOG_NOT_FOUND')) known.delete(folder)
        else reject(error)
      })
    const look = async () => {
      const found = (await findLogs(path)).filter((folder) => !known.has(folder))
      for (const folder of found) {
        known.add(folder)
        follow(folder, 0)
      }
    }
    for (const { folder, next } of logs) follow(folder, next)
    const timer = setInterval(() => look().catch(reject), LOOK_EVERY_MS)
    stop.signal.addEventListener('abort', () => {
      clearInterval(timer)
      resolve()
    })
  })
}
