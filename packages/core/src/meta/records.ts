// The records of a meta-log: what is told of a log that was seen, and under which name a finding goes.
import { basename } from 'node:path'
import type { CatalogueName } from '../event/catalogue.js'
import { formatTime } from '../event/time.js'
import type { Look, Seen } from './look.js'
import type { Finding, KnownLog, MetaMemory } from './memory.js'

/** What is known of a log is recorded again after so long, so that retention may purge the meta-log. */
const AGAIN_MS = 86_400_000

/** The newest checkpoint says something that was not recorded. */
export const isNews = ({ size, vkey }: Seen, before: KnownLog | undefined): boolean =>
  !before || size > before.size || vkey !== before.vkey

/** Logs whose newest record is old: they do not grow, or are not there any more. */
export function dueAgain(
  { logs }: MetaMemory,
  news: readonly Look[],
  retired: ReadonlySet<string>,
  now: number,
): KnownLog[] {
  const told = new Set(news.map(({ origin }) => origin))
  return [...logs.values()].filter(
    ({ origin, recorded }) => now - recorded >= AGAIN_MS && !told.has(origin) && !retired.has(origin),
  )
}

export const againData = ({ origin, folder, size, note, vkey }: KnownLog): Record<string, unknown> => ({
  log: origin,
  folder,
  size,
  checkpoint: note,
  vkey,
  judged: 'as_before',
})

export const EVENTS: Record<Finding['kind'], CatalogueName & `audit.${string}`> = {
  silent: 'audit.process_silent',
  missing: 'audit.process_missing',
  unexpected: 'audit.process_unexpected',
  rolled_back: 'audit.integrity_failed',
  forked: 'audit.integrity_failed',
  wrong_key: 'audit.integrity_failed',
  wrong_origin: 'audit.integrity_failed',
  bad_signature: 'audit.integrity_failed',
  unreadable: 'audit.integrity_failed',
  corrupt: 'audit.integrity_failed',
}

/** `audit.integrity_failed` has several sources; this one is told from the others. */
export const findingData = (finding: Finding): Record<string, unknown> => ({
  ...finding,
  ...(EVENTS[finding.kind] === 'audit.integrity_failed' && { by: 'meta' }),
})

export const seenData = (
  log: string,
  dir: string,
  { size, note, vkey, heard, last }: Seen,
  before: KnownLog | undefined,
) => ({
  log,
  folder: basename(dir),
  size,
  checkpoint: note,
  vkey,
  ...(heard !== undefined && { heard: formatTime(heard) }),
  last,
  judged: before ? 'consistent' : 'first_seen',
})

export const nowKnown = ({ origin, dir, seen }: Look, before: KnownLog | undefined, now: number): KnownLog => {
  const { size, root, note, vkey } = seen!
  const grew = before && before.size === size ? before.grew : now
  return { origin: origin!, folder: basename(dir), size, root, note, vkey, recorded: now, grew }
}
