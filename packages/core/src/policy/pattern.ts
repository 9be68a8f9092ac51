// Which events a rule of a policy is about: a name, or the beginning of names and a `*`.

const PATTERN = /^(\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.?\*)?)$/

export function isPattern(text: unknown): text is string {
  return typeof text === 'string' && PATTERN.test(text)
}

export function matcher(patterns: readonly string[]): (event: string) => boolean {
  return (event) => patterns.some((p) => (p.endsWith('*') ? event.startsWith(p.slice(0, -1)) : event === p))
}
