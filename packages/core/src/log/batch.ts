// From queued entries to bytes: sequence numbers, lines, leaf hashes. A batch formed again after a failure begins with the
// same bytes, since the size has not moved and bodies are built once.
import { hash } from 'node:crypto'
import { MAX_ENTRY_BYTES } from '@trailproof/tlog'
import { TrailproofError } from '../errors.js'
import type { Batch } from '../writers/writer.js'
import type { Item, Queue } from './queue.js'

/** A batch and the items it came from; `leafHex[i]` belongs to `items[i]`. */
export interface FormedBatch {
  readonly batch: Batch
  readonly items: Item[]
  readonly leafHex: string[]
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
  const lines: string[] = []
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
    lines.push(line.text)
    bytes += line.bytes + 1
    position++
  }
  return items.length ? { items, ...encode(first, lines, bytes) } : undefined
}

function lineOf(item: Item, seq: number): { text: string; bytes: number } | TrailproofError {
  try {
    item.body ??= typeof item.entry.body === 'string' ? item.entry.body : item.entry.body()
  } catch (cause) {
    return new TrailproofError('TRAILPROOF_EVENT_INVALID', `event "${item.entry.event}" could not be serialised`, {
      event: item.entry.event,
      cause,
    })
  }
  const text = `{"v":1,"seq":${seq},${item.body}`
  // A line break inside would make two leaves of one, and recovery would take anything but an object for a torn tail.
  if (!item.body.startsWith('"') || !item.body.endsWith('}') || /[\u0000-\u001f]/.test(item.body))
    return new TrailproofError('TRAILPROOF_EVENT_INVALID', `event "${item.entry.event}" is not one line of JSON`, {
      event: item.entry.event,
    })
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_ENTRY_BYTES)
    return new TrailproofError(
      'TRAILPROOF_EVENT_INVALID',
      `event "${item.entry.event}" takes ${bytes} bytes as a line, more than ${MAX_ENTRY_BYTES}`,
      {
        event: item.entry.event,
        found: bytes,
        expected: MAX_ENTRY_BYTES,
      },
    )
  return { text, bytes }
}

function encode(first: number, lines: string[], length: number): { batch: Batch; leafHex: string[] } {
  const buffer = Buffer.allocUnsafe(length + 1)
  const leafHashes: Uint8Array[] = []
  const leafHex: string[] = []
  let at = 1
  for (const line of lines) {
    const end = at + buffer.write(line, at, 'utf8')
    // RFC 6962 2.1: a leaf is hashed behind a zero byte. The byte before a line is free for it while the line is hashed.
    buffer[at - 1] = 0
    const hex = hash('sha256', buffer.subarray(at - 1, end), 'hex')
    if (at > 1) buffer[at - 1] = 10
    leafHex.push(hex)
    leafHashes.push(Buffer.from(hex, 'hex'))
    buffer[end] = 10
    at = end + 1
  }
  return { batch: { first, bytes: buffer.subarray(1), leafHashes }, leafHex }
}
