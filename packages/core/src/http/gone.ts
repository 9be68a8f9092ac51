// When a connection goes away before a response got its turn on it. One listener for each socket, however many requests
// are pipelined on it: node warns of more than ten.
import type { Socket } from 'node:net'

const waiting = new WeakMap<Socket, Set<() => void>>()

/** Calls `told` when the socket closes. @returns forgets it */
export function whenGone(socket: Socket | null | undefined, told: () => void): () => void {
  if (typeof socket?.once !== 'function') return () => {}
  const all = waiting.get(socket) ?? new Set()
  if (!waiting.has(socket)) {
    waiting.set(socket, all)
    socket.once('close', () => {
      for (const one of all) one()
    })
  }
  all.add(told)
  return () => all.delete(told)
}
