// A file name for an origin, which has slashes and may be of any length: readable where that is possible, and never that
// of another origin.
import { createHash } from 'node:crypto'

const LONGEST = 150

/** `shop/7f3a/shop-0` gives `shop_2f7f3a_2fshop-0`; no dot, no slash, no capital letter comes out unescaped. */
export function originFileName(origin: string): string {
  const escaped = Buffer.from(origin)
    .toString('latin1')
    .replace(/[^a-z0-9-]/g, (byte) => `_${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
  if (escaped.length <= LONGEST) return escaped
  return `${escaped.slice(0, 60)}_${createHash('sha256').update(origin).digest('hex')}`
}
