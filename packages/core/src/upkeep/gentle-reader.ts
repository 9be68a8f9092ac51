// A Reader for a process that has something else to do: small pieces, and after each a rest many times as long as it took.
import type { Chunk, Reader } from '../verify/reader.js'

/** Lines, and characters of checkpoints, that are looked at without a rest: some milliseconds of work. */
const LINES = 256
const CHARACTERS = 4096
/** A rest is this many times the work before it: about one twentieth of one core. */
const REST = 19
const LONGEST_REST_MS = 1000

/** @param signal ends it: whoever reads gets the signal's reason as an error */
export function gentleReader(reader: Reader, signal: AbortSignal): Reader {
  return {
    ...reader,
    read: (from) => resting(smallChunks(reader.read(from)), signal),
    notes: () => resting(smallTexts(reader.notes()), signal),
  }
}

async function* resting<T>(pieces: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const piece of pieces) {
    signal.throwIfAborted()
    const began = performance.now()
    yield piece
    await rest(Math.min(LONGEST_REST_MS, (performance.now() - began) * REST))
  }
}

/** Does not keep a process alive that is done otherwise. */
function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

async function* smallChunks(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  for await (const { bytes, ends, rest: half, first, ...place } of chunks) {
    if (ends.length === 0) yield { bytes, ends, rest: half, first, ...place }
    for (let at = 0; at < ends.length; at += LINES) {
      const start = at === 0 ? 0 : ends[at - 1]! + 1
      const some = ends.slice(at, at + LINES)
      const last = at + LINES >= ends.length
      yield {
        ...place,
        first: first + at,
        bytes: bytes.subarray(start, last ? undefined : some.at(-1)! + 1),
        ends: some.map((end) => end - start),
        ...(last && { rest: half }),
      }
    }
  }
}

async function* smallTexts(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts)
    for (let at = 0; at < text.length; at += CHARACTERS) yield text.slice(at, at + CHARACTERS)
}
