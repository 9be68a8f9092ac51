// Addresses of anchors.

/** An http or https address without credentials, query and fragment, and without slashes at its end; undefined for any other. */
export function plainUrl(url: unknown): string | undefined {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return undefined
  if (parsed.username || parsed.password || parsed.search || parsed.hash) return undefined
  return parsed.href.replace(/\/+$/, '')
}
