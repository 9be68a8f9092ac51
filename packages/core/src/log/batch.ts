// From queued entries to bytes: sequence numbers, lines, leaf hashes. A batch formed again after a failure begins with the
// same bytes, since the size has not moved and bodies are built once.
import { hash } from 'node:crypto'
import { HASH_BYTES, MAX_ENTRY_BYTES } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import type { Batch } from '../writers/writer.js'
import { putHash } from './crypto.js'
import { unserialisable } from './log-errors.js'
import type { Item, Queue } from './queue.js'

/** A batch and the items it came from, one for each line. */
export interface FormedBatch {
  readonly batch: Batch
  readonly items: Item[]
}

export interface BatchLimits {
  maxBytes: number
  maxLines: number
}

/** What one write and one fdatasync carry at most. */
export const BATCH_LIMITS: BatchLimits = { maxBytes: 1024 * 1024, maxLines: 1024 }

/** The same once the writer has said that its disk is full. */
export const LAST_WORDS_LIMITS: BatchLimits = { maxBytes: 16 * 1024, maxLines: 1024 }

/**
 * Forms the next batch from the queue's items, from `skip` on, up to the first that waits for its keys.
 *
 * Items stay in the queue until the batch is durable. Those that can never be written are taken out and handed to
 * `refuse`; they take no sequence number.
 *
 * @returns undefined when there is nothing to write
 */
export function formBatch(
  queue: Queue,
  first: number,
  limits: BatchLimits,
  refuse: (item: Item, error: TrailproofError) => void,
  skip = 0,
): FormedBatch | undefined {
  const items: Item[] = []
  const lines: Line[] = []
  let bytes = 0
  for (let position = skip; items.length < limits.maxLines; ) {
    const item = queue.at(position)
    if (!item?.ready) break
    const line = lineOf(item, first + items.length)
    if (line instanceof TrailproofError) {
      refuse(queue.remove(position), line)
      continue
    }
    if (items.length > 0 && bytes + line.bytes + 1 > limits.maxBytes) break
    items.push(item)
    lines.push(line)
    bytes += line.bytes + 1
    position++
  }
  return items.length ? { items, batch: encode(first, lines, bytes) } : undefined
}

/** What is put in front of every body. */
export const prefixOf = (seq: number) => `{"v":1,"seq":${seq},`

/** A line before it has its place in the batch's bytes. */
interface Line {
  prefix: string
  body: string
  bytes: number
}

function lineOf(item: Item, seq: number): Line | TrailproofError {
  const { event } = item.entry
  try {
    // What was written over was copied by `append`.
    item.body ??= typeof item.entry.body === 'function' ? item.entry.body() : (item.entry.body as string)
  } catch (cause) {
    return unserialisable(event, cause)
  }
  const { body } = item
  if (!isBody(body)) return notOneLine(event)
  const prefix = prefixOf(seq)
  const bytes = prefix.length + Buffer.byteLength(body)
  return bytes > MAX_ENTRY_BYTES ? tooLong(event, bytes) : { prefix, body, bytes }
}

/** A line break inside would make two leaves of one, and recovery would take anything but an object for a torn tail. */
export function isBody(text: string): boolean {
  return text.startsWith('"') && text.endsWith('}') && !text.includes('\n') && !text.includes('\0')
}

export function notOneLine(event: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_EVENT_INVALID', `event "${event}" is not one line of JSON`, { event })
}

export function tooLong(event: string, bytes: number): TrailproofError {
  return new TrailproofError(
    'TRAILPROOF_EVENT_INVALID',
    `event "${event}" takes ${bytes} bytes as a line, more than ${MAX_ENTRY_BYTES}`,
    { event, found: bytes, expected: MAX_ENTRY_BYTES },
  )
}

function encode(first: number, lines: Line[], length: number): Batch {
  const buffer = Buffer.allocUnsafe(length + 1)
  const leafHashes = Buffer.allocUnsafe(lines.length * HASH_BYTES)
  let at = 1
  lines.forEach(({ prefix, body }, i) => {
    const text = at + buffer.write(prefix, at, 'latin1')
    const end = text + buffer.write(body, text, 'utf8')
    // RFC 6962 2.1: a leaf is hashed behind a zero byte. The byte before a line is free for it while the line is hashed.
    buffer[at - 1] = 0
    putHash(hash('sha256', buffer.subarray(at - 1, end), 'binary'), leafHashes, i * HASH_BYTES)
    if (at > 1) buffer[at - 1] = 10
    buffer[end] = 10
    at = end + 1
  })
  return { first, count: lines.length, bytes: buffer.subarray(1), leafHashes }
}

/** Leaf hash, hex, of the batch's `i`-th line. */
export function leafHashOf({ leafHashes }: Batch, i: number): string {
  const { buffer, byteOffset } = leafHashes
  return Buffer.from(buffer, byteOffset + i * HASH_BYTES, HASH_BYTES).toString('hex')
}
