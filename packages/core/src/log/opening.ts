// The first records of a process: that it began, and what it found.
import { createHash } from 'node:crypto'
import { formatVkey } from '@trailproof/tlog'
import type { Opened } from '../audit.js'
import { TrailproofError } from '../errors.js'
import type { CatalogueName } from '../event/catalogue.js'
import type { Outcome } from '../event/event.js'
import type { Settings } from '../options.js'
import { VERSION } from '../version.js'
import type { Head } from '../writers/writer.js'

interface Told {
  event: CatalogueName
  data: Record<string, unknown>
  outcome?: Outcome
}

/** `audit.integrity_failed` first of all, then `audit.recovered`, then `audit.started` with the effective configuration. */
export function openingRecords(head: Head, settings: Settings, keyIds: { root: string; signing: string }): Told[] {
  const told: Told[] = []
  if (head.previous) {
    const { origin, checkpoint, kind, problem, index } = head.previous
    told.push({ event: 'audit.integrity_failed', data: { origin, checkpoint, kind, problem, index } })
  }
  if (head.recovered) {
    const { from, to, quarantinedBytes, quarantine } = head.recovered
    told.push({ event: 'audit.recovered', data: { from, to, quarantined_bytes: quarantinedBytes, quarantine } })
  }
  told.push({
    event: 'audit.started',
    data: {
      trailproof: VERSION,
      node: process.version,
      pid: process.pid,
      writer: { kind: settings.writer.kind, ...settings.writer.describe() },
      policy: settings.policy.map((rule) => ({ ...rule })),
      device: settings.device,
      limits: settings.limits,
      retention: settings.retention,
      keys: keyIds,
      size: head.size,
    },
  })
  return told
}

export function openedFrom(head: Head, origin: string, vkey: string): Opened {
  const { recovered, previous } = head
  return {
    origin,
    vkey,
    size: head.size,
    ...(recovered && {
      recovered: { from: recovered.from, to: recovered.to, quarantinedBytes: recovered.quarantinedBytes },
    }),
    ...(previous && {
      damaged: new TrailproofError(
        previous.kind === 'checkpoint' ? 'TRAILPROOF_CHECKPOINT_CORRUPT' : 'TRAILPROOF_LOG_CORRUPT',
        `the log ${previous.origin} is damaged: ${previous.problem}`,
        {
          record: 'written',
          origin: previous.origin,
          index: previous.index,
          hint: 'it was left untouched as evidence; records go to a new log that cites it; run `npx trailproof verify`',
        },
      ),
    }),
  }
}

/** The verifier key of a log: C2SP vkey, key name = origin. */
export function logVkey(origin: string, publicKey: Uint8Array): string {
  return formatVkey((data) => createHash('sha256').update(data).digest(), origin, 0x01, publicKey)
}
