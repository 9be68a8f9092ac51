// The session cookie as the client sent it. express-session drops a bad one in silence, so we look ourselves.

/** The value of one cookie, read as express-session reads it: the first of that name counts, quotes are taken off. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  if (!header?.includes(name)) return undefined
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    const value = pair.slice(equals + 1).trim()
    return decoded(value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value)
  }
  return undefined
}

/** Why express-session did not take a cookie: signed ones begin with `s:`. */
export function flawOf(value: string): 'bad_signature' | 'unsigned' {
  return value.startsWith('s:') ? 'bad_signature' : 'unsigned'
}

function decoded(value: string): string {
  try {
    return value.includes('%') ? decodeURIComponent(value) : value
  } catch {
    return value
  }
}
