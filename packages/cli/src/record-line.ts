// A stored line as a person reads it: one row of columns. Nothing in it is trusted, neither its shape nor its characters.
import { column, safe } from './terminal.js'

interface Shape {
  seq?: unknown
  time?: unknown
  event?: unknown
  outcome?: unknown
  reason?: unknown
  actor?: { ref?: unknown; claimed?: unknown; type?: unknown }
  client?: { ip?: unknown }
  http?: { method?: unknown; route?: unknown }
}

const WIDTHS = { time: 27, event: 22, outcome: 8, reason: 18, actor: 30, ip: 15 }

/** The row above the records. */
export function header(several: boolean): string {
  return row(several ? 'log' : undefined, 'time', 'event', 'outcome', 'reason', 'actor', 'ip', 'route')
}

/** @param log name of the log, where several are shown */
export function recordLine(bytes: Uint8Array, log?: string): string {
  const record = parseRecord(bytes)
  if (!record) return row(log, '', '(not a record)', '', '', '', '', safe(Buffer.from(bytes).toString(), 60))
  const { time, event, outcome, reason, actor, client, http } = record
  const who = actor?.ref ?? (actor?.claimed === undefined ? actor?.type : `claimed:${safe(actor.claimed)}`)
  const route = [http?.method, http?.route]
    .map((part) => safe(part, 60))
    .join(' ')
    .trim()
  return row(
    log,
    safe(time, 40),
    safe(event, 60),
    safe(outcome, 20),
    safe(reason, 40),
    safe(who, 40),
    safe(client?.ip, 45),
    route,
  )
}

/** The time a record claims, in a form that sorts (without the Z, so that more digits come later); empty when it says none. */
export function timeOf(bytes: Uint8Array): string {
  const time = parseRecord(bytes)?.time
  return typeof time === 'string' ? time.replace(/Z$/, '') : ''
}

/** The running number a record claims. */
export function seqOf(bytes: Uint8Array): number | undefined {
  const seq = parseRecord(bytes)?.seq
  return typeof seq === 'number' && Number.isSafeInteger(seq) ? seq : undefined
}

function parseRecord(bytes: Uint8Array): Shape | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return typeof value === 'object' && value !== null ? (value as Shape) : undefined
  } catch {
    return undefined
  }
}

function row(
  log: string | undefined,
  time: string,
  event: string,
  outcome: string,
  reason: string,
  actor: string,
  ip: string,
  route: string,
): string {
  const cells = [
    ...(log === undefined ? [] : [column(safe(log, 24), 12)]),
    column(time, WIDTHS.time),
    column(event, WIDTHS.event),
    column(outcome, WIDTHS.outcome),
    column(reason || '-', WIDTHS.reason),
    column(actor || '-', WIDTHS.actor),
    column(ip || '-', WIDTHS.ip),
    route || '-',
  ]
  return `${cells.join('  ').trimEnd()}\n`
}
