// The user agent of a request whose body nobody has read yet. What a client writes there is its own words, and its password
// may be among them: while that cannot be known, only words that everybody's agent has are kept, and short numbers.

// biome-ignore format: a list of words
const KNOWN = new Set([
  'Mozilla', 'AppleWebKit', 'KHTML', 'like', 'Gecko', 'Chrome', 'Chromium', 'CriOS', 'Safari', 'Firefox', 'FxiOS', 'Edg', 'EdgA',
  'EdgiOS', 'OPR', 'Opera', 'Version', 'Mobile', 'SamsungBrowser', 'Windows', 'NT', 'Win64', 'WOW64', 'x64', 'X11', 'Linux',
  'x86_64', 'aarch64', 'arm64', 'Ubuntu', 'Fedora', 'Macintosh', 'Intel', 'Mac', 'OS', 'X', 'iPhone', 'iPad', 'CPU', 'Android',
  'CrOS', 'rv', 'curl', 'Wget', 'HTTPie', 'okhttp', 'axios', 'node', 'node-fetch', 'undici', 'got', 'Dart', 'dart', 'io',
  'PostmanRuntime', 'insomnia', 'Go-http-client', 'python-requests', 'python-httpx', 'aiohttp', 'Python', 'Java',
  'Apache-HttpClient', 'CFNetwork', 'Darwin', 'Googlebot', 'bingbot', 'compatible', 'kube-probe', 'ELB-HealthChecker',
])
const NUMBER = /^\d{1,4}$/
/** What stands in place of the rest. */
const HIDDEN = '…'

/** `curl/8.5.0 hunter2` becomes `curl/8.5.0 …`. */
export function knownAgentWords(agent: string): string {
  const shown = agent.replace(/[^\s/();:,._+]+(?:[_-][^\s/();:,._+]+)*/g, (word) =>
    KNOWN.has(word) || NUMBER.test(word) ? word : HIDDEN,
  )
  return shown.replace(/…(?:[\s/();:,._+]*…)+/g, HIDDEN)
}
