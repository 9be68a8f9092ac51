// Low-entropy client hints: what Chromium's browsers send by themselves on secure origins. Only names of closed lists are kept,
// so that nothing a client made up stands in the log, and the made-up brands by which browsers keep servers honest do not either.
// @see https://wicg.github.io/ua-client-hints/
import type { IncomingHttpHeaders } from 'node:http'

const BRANDS = [
  'Google Chrome',
  'Microsoft Edge',
  'Opera',
  'Brave',
  'Vivaldi',
  'YaBrowser',
  'Samsung Internet',
  'Android WebView',
  'Microsoft Edge WebView2',
  'HeadlessChrome',
  'Chromium',
]
const PLATFORMS = ['Android', 'Chrome OS', 'Chromium OS', 'iOS', 'Linux', 'macOS', 'Windows']

/**
 * What the hints of a request say, as JSON: `{"brands":["Google Chrome 140","Chromium 140"],"mobile":false,"platform":"Linux"}`,
 * with the members that were sent and are known; undefined where there are none. They are claims, as the agent is.
 */
export function clientHints(headers: IncomingHttpHeaders): string | undefined {
  const { 'sec-ch-ua': brands, 'sec-ch-ua-mobile': mobile, 'sec-ch-ua-platform': platform } = headers
  if (brands === undefined && mobile === undefined && platform === undefined) return undefined
  const hints = {
    brands: brandsOf(brands),
    mobile: mobile === '?1' ? true : mobile === '?0' ? false : undefined, // RFC 9651 3.3.6
    platform: PLATFORMS.find((known) => platform === `"${known}"`),
  }
  const json = JSON.stringify(hints)
  return json === '{}' ? undefined : json
}

function brandsOf(header: string | string[] | undefined): string[] | undefined {
  if (typeof header !== 'string' || header.length > 512) return undefined
  const found: string[] = []
  for (const [, brand, version] of header.matchAll(/"([^"\\]{1,40})";v="(\d{1,4})"/g))
    if (BRANDS.includes(brand!) && found.length < 4) found.push(`${brand} ${version}`)
  return found.length ? found : undefined
}
