// Works pieces of a log out on several threads, and brings them back in order, so that the walk sees what it would have
// seen on one. Memory stays bounded: two pieces for each thread are on their way at most.
import { availableParallelism } from 'node:os'
import { type Digest, DigestRoom, digestOnDemand, type Found } from './digest.js'
import { Piece } from './piece.js'
import { PieceWorkers } from './piece-workers.js'
import type { Chunk } from './reader.js'

/** A log smaller than this is read sooner than a thread is started. */
const LARGE_BYTES = 32 * 1024 * 1024
const MOST_BY_DEFAULT = 4

interface Digested {
  chunk: Chunk
  digest: Digest
}

/** On its way; `ready` is set when it need not be waited for. */
interface UnderWay {
  piece: Piece
  answer: Promise<Digested>
  ready: boolean
}

/**
 * The same chunks, each with its digest; both are lent until the next is asked for.
 *
 * @param threads - this one counts; undefined: one at first, and more for a large log
 */
export async function* digested(chunks: AsyncIterable<Chunk>, threads: number | undefined): AsyncGenerator<Digested> {
  const wanted = threads ?? Math.min(MOST_BY_DEFAULT, availableParallelism())
  const alone = threads === undefined ? LARGE_BYTES : 0
  let workers: PieceWorkers | undefined
  let bytes = 0
  const here = workerOfOne()
  const line: UnderWay[] = []
  const spare: Piece[] = []
  const next = async () => {
    const { piece, answer } = line.shift()!
    spare.push(piece) // not filled again before the caller asks for more
    return answer
  }
  try {
    for await (const chunk of chunks) {
      const several = wanted > 1 && bytes >= alone && Piece.fits(chunk)
      if (several) workers ??= new PieceWorkers(wanted - 1)
      if (!several || !workers || workers.size === 0) {
        while (line.length > 0) yield await next()
        bytes += chunk.bytes.length
        yield { chunk, digest: here(chunk) }
        continue
      }
      while (line.length >= 2 * wanted) yield await next()
      line.push(begin(chunk, spare.pop() ?? new Piece(), workers))
      while (line[0]?.ready) yield await next()
    }
    while (line.length > 0) yield await next()
  } finally {
    await workers?.close()
  }
}

// Works chunks out where they stand, one at a time.
function workerOfOne(): (chunk: Chunk) => Digest {
  let room: DigestRoom | undefined
  return ({ first, bytes, ends }) => {
    const lines = { first, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), ends } // parts of a Buffer cost more
    if (!DigestRoom.fits(ends.length)) return digestOnDemand(lines)
    room ??= new DigestRoom()
    return room.digest(first, ends.length, room.fill(lines))
  }
}

function begin(given: Chunk, piece: Piece, workers: PieceWorkers): UnderWay {
  const { chunk, facts } = piece.fill(given)
  const finished = (found: Found): Digested => ({ chunk, digest: piece.digest(facts, found) })
  const elsewhere = workers.take(piece, facts)
  if (!elsewhere) return { piece, answer: Promise.resolve(finished(piece.work(facts))), ready: true }
  const underWay: UnderWay = {
    piece,
    ready: false,
    answer: elsewhere.then((found) => {
      underWay.ready = true
      return finished(found)
    }),
  }
  return underWay
}
