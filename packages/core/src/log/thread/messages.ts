// What the two threads say to each other besides the lines themselves.
import type { KeyObject } from 'node:crypto'
import type { MessagePort } from 'node:worker_threads'
import { type ErrorCode, TrailproofError } from '../../errors.js'
import type { SharedFileLease } from '../../writers/file/lease.js'
import type { Elsewhere, Head } from '../../writers/writer.js'
import type { LogState } from '../log.js'
import type { Shared } from './ring.js'

/** What the log's thread is started with. */
export interface ThreadData {
  port: MessagePort
  shared: Shared
  lease: SharedFileLease
  service: string
  randomId: string
  /** 32 bytes, Ed25519. */
  publicKey: Uint8Array
  privateKey: KeyObject
}

/** From the application's thread. */
export type Order =
  /** The first order: open the log, knowing this of it from elsewhere. */
  | { do: 'open'; elsewhere: readonly Elsewhere[] }
  /** New lines were published while the log's thread slept. */
  | { do: 'wake' }
  /** Closing begins: what failed is tried again at once. */
  | { do: 'hurry' }
  /** Answer once everything published is durable, and below a checkpoint that is durable too. */
  | { do: 'checkpoint'; id: number }
  | { do: 'close' }

/** From the log's thread. */
export type Report =
  | { told: 'opened'; origin: string; folder: string | undefined; head: Head }
  | { told: 'unopened'; error: CarriedError }
  /** The counts in shared memory have grown. */
  | { told: 'progress' }
  | { told: 'state'; state: LogState; error: CarriedError | undefined }
  | { told: 'checkpoint'; id: number; error: CarriedError | undefined }
  | { told: 'closed'; error: CarriedError | undefined }

/** An error without its class, which does not survive the way. */
export interface CarriedError {
  code: ErrorCode
  /** Without the hint. */
  message: string
  facts: Record<string, unknown>
  cause: { message: string; code: string | undefined } | undefined
}

export function carry(error: unknown): CarriedError {
  const { code, message, hint, record, cause, name: _, stack: _stack, ...facts } = error as TrailproofError
  const known = error instanceof TrailproofError
  return {
    code: known ? code : 'TRAILPROOF_INTERNAL',
    message: known && hint ? message.slice(0, -` (${hint})`.length) : message,
    facts: known ? { ...plainFacts(facts), record, hint } : { record: 'unknown' },
    cause: cause instanceof Error ? { message: cause.message, code: (cause as NodeJS.ErrnoException).code } : undefined,
  }
}

export function uncarry({ code, message, facts, cause }: CarriedError): TrailproofError {
  const reason = cause && Object.assign(new Error(cause.message), cause.code !== undefined && { code: cause.code })
  return new TrailproofError(code, message, { ...facts, cause: reason })
}

/** Facts are shown and compared; what is no plain value stays behind. */
function plainFacts(facts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  )
}
