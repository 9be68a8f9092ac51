// A thread that works out pieces of a log, one after the other. Started by piece-workers.ts; answers in order.
import { parentPort } from 'node:worker_threads'
import { Piece, type PieceFacts } from './piece.js'

parentPort!.on('message', ({ memory, facts }: { memory: SharedArrayBuffer; facts: PieceFacts }) => {
  parentPort!.postMessage(new Piece(memory).work(facts))
})
