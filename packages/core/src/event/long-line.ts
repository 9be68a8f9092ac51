// Bodies of lines made from text in pieces: those that wait for the references of people, and those that are too long.
import { objectMember, quote } from './json.js'
import { bounded } from './plain.js'

/** A line holds at most this many bytes; C2SP tlog-tiles entries have a 16-bit length. */
export const MAX_LINE_BYTES = 65_535
/** For what the log puts in front of a body. */
export const ROOM_FOR_SEQ = 64

/** A record as JSON text in pieces, in the order of its line; who took part comes in between, once it is known. */
export interface RecordText {
  /** `"id":…` up to the actor, without a comma before. */
  readonly head: string
  /** The target; of an account only its type. */
  readonly target: string
  /** What comes behind the target, up to `data`. */
  readonly tail: string
  /** JSON text by key. */
  readonly data: ReadonlyMap<string, string>
}

/**
 * The body of a line: JSON text without its opening brace, cut field by field until the line fits.
 * What was cut is named in `truncated`; nothing is cut silently.
 *
 * @param actor - members that stand before the target, with their commas
 */
export function bodyOf({ head, target, tail, data }: RecordText, actor = ''): string {
  const start = head + actor + target + tail
  const body = `${start}${dataMember(data)}}`
  if (fits(body)) return body
  const left = new Map(data)
  const cut: string[] = []
  let shorter = body
  for (const [key] of [...left].sort(([, a], [, b]) => b.length - a.length)) {
    left.delete(key)
    cut.push(quote(`data.${bounded(key, 64)}`))
    shorter = `${start}${dataMember(left)},"truncated":[${cut.join(',')}]}`
    if (fits(shorter)) break
  }
  return shorter // too long for other reasons: the log refuses it by name
}

/** Roughly, with room for the references. */
export function sizeOf({ head, target, tail, data }: RecordText): number {
  let bytes = head.length + target.length + tail.length + 256
  for (const [key, json] of data) bytes += key.length + json.length
  return bytes
}

function dataMember(data: ReadonlyMap<string, string>): string {
  let members = ''
  for (const [key, json] of data) members += `,${quote(key)}:${json}`
  return objectMember('data', members)
}

function fits(body: string): boolean {
  return body.length * 3 < MAX_LINE_BYTES || Buffer.byteLength(body) + ROOM_FOR_SEQ <= MAX_LINE_BYTES
}
