// Works pieces of a log out on several threads, and brings them back in order, so that the walk sees what it would have
// seen on one. Memory stays bounded: two pieces for each thread are on their way at most.
import { availableParallelism } from 'node:os'
import { type Digest, digestOnDemand } from './digest.js'
import { Piece, type PieceFaults } from './piece.js'
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
        yield { chunk, digest: digestOnDemand(chunk) }
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

function begin(given: Chunk, piece: Piece, workers: PieceWorkers): UnderWay {
  const { chunk, facts } = piece.fill(given)
  const finished = (faults: PieceFaults): Digested => ({ chunk, digest: piece.digestOf(facts, faults) })
  const elsewhere = workers.take(piece, facts)
  if (!elsewhere) return { piece, answer: Promise.resolve(finished(piece.digest(facts))), ready: true }
  const underWay: UnderWay = {
    piece,
    ready: false,
    answer: elsewhere.then((faults) => {
      underWay.ready = true
      return finished(faults)
    }),
  }
  return underWay
}
