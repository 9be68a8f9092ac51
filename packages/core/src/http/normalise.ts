// One spelling for one address, whatever surrounds it where it was found.
import { isIP, isIPv6 } from 'node:net'

/** A textual address without port, brackets, zone or IPv4-mapped prefix; undefined when it is no address. */
export function normaliseAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 100) return undefined
  let address = text.trim()
  const bracketed = /^\[([^\]]+)\](:\d+)?$/.exec(address)
  if (bracketed) address = bracketed[1]!
  else if (/^\d+\.\d+\.\d+\.\d+:\d+$/.test(address)) address = address.slice(0, address.indexOf(':'))
  address = address.replace(/%[^%]*$/, '').toLowerCase()
  if (isIP(address) === 0) return undefined
  return isIPv6(address) ? unmapped(shortIPv6(address)) : address
}

/** An IPv4 address inside an IPv6 one, also where it is written in hex. @see RFC 4291 section 2.5.5.2 */
function unmapped(address: string): string {
  const words = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/
    .exec(address)
    ?.slice(1)
    .map((word) => Number.parseInt(word, 16))
  return words ? words.flatMap((word) => [word >> 8, word & 255]).join('.') : address
}

/** One spelling for one IPv6 address, so that records can be compared (RFC 5952). */
function shortIPv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1)
}
