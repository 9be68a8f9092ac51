// Which logs there should be. It is given from outside, never read from the folder that is judged by it: whoever deletes a
// log would delete what expects it, too.
import { TrailproofError } from '../errors.js'
import { type PublicKey, parseKeys } from '../verify/keys.js'

export interface Expected {
  /** Service and how many of its processes must be alive. */
  counts: Map<string, number>
  /** Logs that must be there; when there are any, a log of any other origin or service is unexpected. */
  origins: Set<string>
  /** Keys that came as vkeys. */
  keys: PublicKey[]
}

const COUNT = /^([a-z0-9][a-z0-9._-]{0,63}):(\d{1,4})$/
const ORIGIN = /^[^\s+]+\/[^\s+]+$/
const MOST = 10_000

/**
 * Reads what is expected, one a line, `#` begins a comment: `shop:2` (two processes of service shop are alive), an origin
 * (`shop/72ca063c01cd/shop-0`), or a vkey (`origin+id+key`), which names its key as well.
 *
 * @throws TRAILPROOF_OPTION_INVALID a line is none of these
 * @throws TRAILPROOF_KEY_INVALID a vkey is malformed
 */
export function parseExpected(texts: readonly string[]): Expected {
  const expected: Expected = { counts: new Map(), origins: new Set(), keys: [] }
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).map((line) => line.trim())
  for (const line of lines.filter((line) => line !== '' && !line.startsWith('#'))) {
    const count = COUNT.exec(line)
    if (count) expected.counts.set(count[1]!, Number(count[2]))
    else if (ORIGIN.test(line)) expected.origins.add(line)
    else if (line.includes('+')) {
      const keys = parseKeys(line)
      expected.keys.push(...keys)
      for (const { origin } of keys) if (origin !== undefined) expected.origins.add(origin)
    } else throw invalid(`"${line.slice(0, 80)}" is nothing to expect`)
    if (expected.counts.size + expected.origins.size > MOST) throw invalid(`more than ${MOST} logs cannot be expected`)
  }
  return expected
}

const invalid = (message: string) =>
  new TrailproofError('TRAILPROOF_OPTION_INVALID', message, {
    hint: 'one a line: service:count (shop:2), an origin (shop/72ca063c01cd/shop-0), or a vkey',
  })

/** The service that an origin names: `shop` of `shop/72ca063c01cd/shop-0`. */
export const serviceOf = (origin: string): string => origin.slice(0, Math.max(0, origin.indexOf('/')))

/** May this log be here? */
export function isExpected({ counts, origins }: Expected, origin: string): boolean {
  return origins.size === 0 || origins.has(origin) || counts.has(serviceOf(origin))
}
