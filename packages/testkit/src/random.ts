// Randomness that a seed repeats (mulberry32): a failing run is named by one number.

export interface Random {
  /** 0 <= x < 1 */
  next(): number
  /** 0 <= n < below, whole */
  int(below: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (below: number) => Math.floor(next() * below)
  return { next, int, chance: (probability) => next() < probability, pick: (values) => values[int(values.length)]! }
}
