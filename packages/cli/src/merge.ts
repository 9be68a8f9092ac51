// Merges the records of several logs by time. Within one log the order of the log stays, whatever its clock did.

export function merge<T extends { time: string }>(logs: readonly (readonly T[])[]): T[] {
  const next = logs.map(() => 0)
  const merged: T[] = []
  for (;;) {
    let first = -1
    for (const [i, log] of logs.entries()) {
      const head = log[next[i]!]
      if (head && (first < 0 || head.time < logs[first]![next[first]!]!.time)) first = i
    }
    if (first < 0) return merged
    merged.push(logs[first]![next[first]!]!)
    next[first]!++
  }
}
