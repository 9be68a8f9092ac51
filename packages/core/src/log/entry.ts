// What goes into the log and what comes back.
import type { TrailproofError } from '../errors.js'

/**
 * Text of a line that stands in memory already, `[start, end)` of `source`, UTF-8, one line without control characters.
 * It is written over as soon as `append` has returned: what is kept longer is copied. It begins and ends in memory at
 * multiples of 8 bytes, so that it can be copied by words.
 */
export interface FleetingBody {
  readonly source: Buffer
  readonly start: number
  readonly end: number
  readonly words: Int32Array
}

/** One line to be. */
export interface Entry {
  /** Name of the event, for messages and counters; not written from here. */
  event: string
  /**
   * The JSON object's text after its first two members: `"id":"…",…}`. The log puts `{"v":1,"seq":N,` in front.
   * A function when it can only be built after `ready`; called once. Let go of once the text is elsewhere.
   */
  body: string | FleetingBody | (() => string)
  /** Keys that this line needs, made durable. Called at once; the line and those behind it wait for it. */
  ready?: (() => Promise<void>) | undefined
  /** Called instead of `ready` after a rejection, with back-off; default `ready` again. */
  retryReady?: () => Promise<void>
  /** Rough size in memory, for the bound of the queue. */
  bytes: number
  /** `checkpointed`: settled only once a signed and synced checkpoint covers the line. */
  wait: 'durable' | 'checkpointed'
  /** Undefined as long as nobody waits for the answer: then the line may wait a little for others. Left out: somebody does. */
  waiter?: unknown
  /** This line, `audit.key_rotated`, is the last one that the previous key signs. */
  rotatesKey?: boolean
  /** Called exactly once, with a receipt or with an error; never while `append` runs. */
  settled(error: TrailproofError | undefined, receipt: Receipt | undefined): void
}

/** Proof of having been told: what the log claims about a line. */
export interface Receipt {
  origin: string
  /** Leaf index, from 0, never reused. */
  index: number
  /** RFC 6962 leaf hash, 32 bytes, hex. */
  leafHash: string
}

/** Copies a body that would not last. */
export function keepBody(entry: Entry): void {
  const { body } = entry
  if (isFleeting(body)) entry.body = body.source.toString('utf8', body.start, body.end)
}

export function isFleeting(body: Entry['body']): body is FleetingBody {
  return typeof body === 'object'
}
