// The first records of a process: that it began, and what it found.
import { formatVkey, KeyType } from '@trailproof/tlog'
import type { Opened } from '../audit.js'
import { type ErrorCode, TrailproofError } from '../errors.js'
import type { CatalogueName } from '../event/catalogue.js'
import type { Outcome } from '../event/event.js'
import type { Settings } from '../options.js'
import type { Keys } from '../privacy/keys.js'
import { VERSION } from '../version.js'
import type { Head } from '../writers/writer.js'
import { sha256 } from './crypto.js'
import { KEY_ROTATED } from './rotation.js'

interface Told {
  event: CatalogueName
  data: Record<string, unknown>
  outcome?: Outcome
}

const DAMAGED: Partial<Record<NonNullable<Head['previous']>['kind'], ErrorCode>> = {
  checkpoint: 'TRAILPROOF_CHECKPOINT_CORRUPT',
  rollback: 'TRAILPROOF_LOG_ROLLED_BACK',
}

/**
 * `audit.integrity_failed` first of all, then `audit.recovered`, `audit.key_rotated` where the log is handed over, then
 * `audit.started` with the effective configuration.
 */
export function openingRecords(head: Head, origin: string, settings: Settings, keys: Keys): Told[] {
  const told: Told[] = []
  if (head.previous) {
    const { origin, checkpoint, kind, problem, index, rollback: found } = head.previous
    const known = found && {
      size: found.size,
      anchor: found.anchor,
      known_size: found.knownSize,
      known_checkpoint: found.knownCheckpoint,
    }
    told.push({ event: 'audit.integrity_failed', data: { origin, checkpoint, kind, problem, index, ...known } })
  }
  if (head.recovered) {
    const { from, to, quarantinedBytes, quarantine } = head.recovered
    told.push({ event: 'audit.recovered', data: { from, to, quarantined_bytes: quarantinedBytes, quarantine } })
  }
  if (head.previousKeySigns && keys.previousSigning) {
    const [previous, next] = [keys.previousSigning, keys.signing].map(({ publicKey }) => logVkey(origin, publicKey))
    told.push({ event: KEY_ROTATED, data: { previous, next } })
  }
  const remote = keys.signing.remote ?? keys.previousSigning?.remote
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
      keys: keys.ids,
      // How long records may honestly stand unsigned: verify judges a recovery by it.
      ...(remote && {
        signer: {
          sign_every_ms: remote.signEveryMs,
          max_unsigned_ms: remote.maxUnsignedMs,
          max_unsigned_records: remote.maxUnsignedRecords,
        },
      }),
      ...(settings.anchors.length > 0 && { anchors: settings.anchors.map(({ kind, name }) => ({ kind, name })) }),
      retention: settings.retention,
      size: head.size,
    },
  })
  return told
}

export function openedFrom(head: Head, origin: string, publicKey: Uint8Array): Opened {
  const { recovered, previous } = head
  return {
    origin,
    vkey: logVkey(origin, head.firstKey ?? publicKey),
    size: head.size,
    ...(recovered && {
      recovered: { from: recovered.from, to: recovered.to, quarantinedBytes: recovered.quarantinedBytes },
    }),
    ...(previous && {
      damaged: new TrailproofError(
        DAMAGED[previous.kind] ?? 'TRAILPROOF_LOG_CORRUPT',
        `the log ${previous.origin} is damaged: ${previous.problem}`,
        {
          record: 'written',
          origin: previous.origin,
          index: previous.index,
          ...(previous.rollback && { size: previous.rollback.size, expected: previous.rollback.knownSize }),
          hint: 'it was left untouched as evidence; records go to a new log that cites it; run `npx trailproof verify`',
        },
      ),
    }),
  }
}

/** The verifier key of a log: C2SP vkey, key name = origin. */
function logVkey(origin: string, publicKey: Uint8Array): string {
  return formatVkey(sha256, origin, KeyType.ed25519, publicKey)
}
