// Each log: is it held, is it growing, is it signed, does its clock make sense? Nothing is verified here: see verify.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findLogs, isLockHeld, isTrailproofError, lastLines, placeOfLog } from '@trailproof/core'
import { type Check, fail, ok, span, warn } from './check.js'

const HEARTBEAT_EVERY = 60_000
/** A local key signs within a second; one in another place, as the records say. */
const UNSIGNED_AFTER = 5000
const LOOKED_AT = 1000

export async function logChecks(path: string, now = Date.now()): Promise<Check[]> {
  let folders: string[]
  try {
    folders = await findLogs(path)
  } catch (error) {
    if (!isTrailproofError(error, 'TRAILPROOF_LOG_NOT_FOUND')) throw error
    return [warn('logs', `there is no log in ${path} yet`, 'start the application once')]
  }
  const checks = await Promise.all(folders.map((folder) => checksOf(folder, now)))
  return checks.flat()
}

interface Seen {
  folder: string
  now: number
  records: { seq: number; time: number; event: string; signEveryMs: number }[]
  held: boolean | undefined
}

async function checksOf(folder: string, now: number): Promise<Check[]> {
  const log = basename(folder)
  let lines: Uint8Array[]
  try {
    lines = await lastLines(folder, LOOKED_AT)
  } catch (error) {
    if (!isTrailproofError(error, 'TRAILPROOF_LOG_UNREADABLE')) throw error
    return [{ ...fail('records', error.message, 'run trailproof verify'), log }]
  }
  const records = lines.map(readRecord).filter((record) => record !== undefined)
  const seen: Seen = { folder, now, records, held: await isLockHeld(placeOfLog(folder)?.lockFile) }
  return [clock(seen), lock(seen), checkpoint(seen), heartbeat(seen)].map((check) => ({ ...check, log }))
}

function clock({ records, now }: Seen): Check {
  const newest = records.reduce((time, record) => Math.max(time, record.time), 0)
  if (newest === 0) return ok('clock', 'no record to compare the clock with')
  const ahead = newest - now
  if (ahead > 1000)
    return fail(
      'clock',
      `this machine's clock is ${span(ahead)} behind the newest record`,
      'set the clock, and keep it with NTP',
    )
  return ok('clock', `the newest record is ${span(-ahead)} old`)
}

function lock({ held }: Seen): Check {
  if (held === undefined)
    return warn('lock', 'cannot tell whether a process holds this log', 'install util-linux for flock(1)')
  return ok('lock', held ? 'a living process holds this log' : 'no process holds this log')
}

function checkpoint({ folder, records, now, held }: Seen): Check {
  const path = join(folder, 'checkpoint')
  const newest = records.at(-1)
  if (!existsSync(path)) {
    if (!newest) return ok('checkpoint', 'no record, no checkpoint')
    return warn(
      'checkpoint',
      'there is no checkpoint: nothing in this log is signed',
      'the next start signs what a crash left; otherwise run trailproof verify',
    )
  }
  if (!statSync(path).isFile()) return fail('checkpoint', `${path} is no file`, 'run trailproof verify')
  const size = Number(readFileSync(path, 'utf8').split('\n')[1])
  const age = span(now - statSync(path).mtimeMs)
  const behind = newest ? newest.seq + 1 - size : 0
  const signEveryMs = records.reduce((ms, record) => record.signEveryMs || ms, 0)
  if (behind > 0 && newest && now - newest.time > UNSIGNED_AFTER + signEveryMs) {
    const fix = held
      ? 'look at health() of the application: signing or syncing fails'
      : 'the next start signs them; records above a checkpoint are not protected'
    return warn(
      'checkpoint',
      `${behind} records above the newest checkpoint (size ${size}, ${age} old) are not signed`,
      fix,
    )
  }
  return ok('checkpoint', `the newest checkpoint covers ${size} records and is ${age} old`)
}

function heartbeat({ records, now, held }: Seen): Check {
  const last = records.findLast(({ event }) => event === 'audit.heartbeat' || event === 'audit.started')
  const stopped = records.at(-1)?.event === 'audit.stopped'
  const age = last ? now - last.time : undefined
  const detail = last
    ? `the last heartbeat is ${span(age!)} old`
    : `there is no heartbeat among the last ${records.length} records`
  if (held === false)
    return stopped || records.length === 0
      ? ok('heartbeat', stopped ? 'the process stopped in good order' : 'no record yet')
      : warn(
          'heartbeat',
          `${detail}, and no process holds the log: it ended without saying so`,
          'see why it ended; the next start recovers the log',
        )
  if (age !== undefined && age < 2 * HEARTBEAT_EVERY) return ok('heartbeat', detail)
  return warn('heartbeat', detail, 'see whether the application hangs, or cannot write')
}

function readRecord(line: Uint8Array): Seen['records'][number] | undefined {
  try {
    const { seq, time, event, data } = JSON.parse(Buffer.from(line).toString()) as Record<string, unknown>
    const ms = Date.parse(String(time))
    if (typeof seq !== 'number' || !Number.isFinite(ms)) return undefined
    const { signer } = (data ?? {}) as { signer?: { sign_every_ms?: unknown } }
    const isOwn = event === 'audit.started' || event === 'audit.heartbeat'
    return { seq, time: ms, event: String(event), signEveryMs: isOwn ? Number(signer?.sign_every_ms) || 0 : 0 }
  } catch {
    return undefined
  }
}
