// The header `Forwarded` (RFC 7239), for those who say that their proxies set it: frameworks read `X-Forwarded-For` alone.
import { normaliseAddress } from './normalise.js'

const MOST = 64
const MOST_CHARACTERS = 8192

/** One element: pairs of token and token, or token and quoted string, with `;` between. @see RFC 7239 section 4 */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const PAIR = new RegExp(`\\s*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")\\s*)?([;,]|$)`, 'y')

/**
 * The nodes that a request came through, farthest first, as its `for` members name them: an address without port or
 * brackets, or undefined for one that hides (`unknown`, `_hidden`) or says nothing.
 *
 * @returns undefined where the header is malformed or too long: then none of it is believed
 */
export function forwardedFor(header: string): (string | undefined)[] | undefined {
  if (header.length > MOST_CHARACTERS) return undefined
  const nodes: (string | undefined)[] = []
  let node: string | undefined
  let named = false
  PAIR.lastIndex = 0
  for (;;) {
    const pair = PAIR.exec(header)
    if (!pair) return undefined
    const [, name, token, quoted, end] = pair
    if (name?.toLowerCase() === 'for') {
      if (named) return undefined // each parameter once
      named = true
      node = normaliseAddress(token ?? quoted!.replace(/\\(.)/g, '$1'))
    }
    if (end === ';') continue
    nodes.push(node)
    if (nodes.length > MOST) return undefined
    if (end === '') return nodes
    node = undefined
    named = false
  }
}

/**
 * Who the client is by this header: the farthest node that a chain of trusted ones names, as frameworks walk
 * X-Forwarded-For.
 *
 * @param peer undefined on a unix socket, which only a rule without addresses can trust
 * @param trusts as Express' `trust proxy fn`: may what this address says be believed? `hop` counts from the peer, 0
 * @returns undefined where the peer is not trusted, or the node that a trusted one names is no address
 */
export function forwardedAddress(
  header: string,
  peer: string | undefined,
  trusts: (address: string, hop: number) => boolean,
): string | undefined {
  const nodes = forwardedFor(header)?.reverse()
  if (!nodes || !trusts(peer ?? '', 0)) return undefined
  const last = nodes.findIndex((node, i) => node === undefined || !trusts(node, i + 1))
  return last < 0 ? nodes.at(-1) : nodes[last]
}
