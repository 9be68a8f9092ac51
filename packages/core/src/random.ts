// Random bytes are drawn many at a time: a system call for each id would cost more than the id.
import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4096)
let next = pool.length

/** One byte of the system's secure random source. */
export function randomByte(): number {
  if (next === pool.length) {
    randomFillSync(pool)
    next = 0
  }
  const byte = pool[next]!
  pool[next++] = 0 // given away: nobody finds it here later
  return byte
}

export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let i = 0; i < count; i++) bytes[i] = randomByte()
  return bytes
}
