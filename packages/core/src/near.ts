// "Did you mean": the known name that is nearest to one that nobody knows.

/** A hint for an unknown name: the nearest known one, else the list of them all. */
export function nearest(name: string, names: readonly string[], what: string, prefix = ''): string {
  const near = names
    .map((n) => [distance(n.toLowerCase(), name.toLowerCase()), n] as const)
    .sort((a, b) => a[0] - b[0])[0]
  return near && near[0] <= Math.max(2, name.length / 3)
    ? `did you mean "${prefix}${near[1]}"?`
    : `${what} are ${names.join(', ')}`
}

/** Levenshtein distance; names are short. */
export function distance(a: string, b: string): number {
  if (a.length > 64) return a.length
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
