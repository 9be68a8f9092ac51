// The client's address: the framework's own answer, normalised, with its origin. Never the leftmost X-Forwarded-For.
import type { IncomingMessage } from 'node:http'
import { forwardedAddress } from './forwarded.js'
import { normaliseAddress } from './normalise.js'

/**
 * `ip` is who the framework says the client is; `source` tells on whose word:
 * `socket` (the peer itself), `framework` (the framework trusts a proxy, and read it from a header) or `forwarded` (a proxy
 * that the framework trusts said so in `Forwarded`, and the application has asked for that).
 * `peer` is the other end of the connection; `claimed` says that forwarding headers came from a peer nobody trusts.
 */
export interface ClientAddress {
  ip: string | undefined
  source: 'socket' | 'framework' | 'forwarded' | undefined
  peer: string | undefined
  forwardedIgnored: boolean
}

/**
 * Who asks. Call it when the request arrives: a closed socket has no address any more.
 *
 * @param answer what the framework says (`req.ip`, `ctx.ip`); undefined where there is no framework
 * @param trusts given where the application wants RFC 7239 `Forwarded` to count: does the framework believe this address,
 * `hop` steps from the peer? A header that is malformed, or ends in a node that hides, leaves the framework's own answer
 */
export function clientAddress(
  req: IncomingMessage,
  answer: unknown,
  trusts?: (address: string, hop: number) => boolean,
): ClientAddress {
  const peer = normaliseAddress(req.socket?.remoteAddress)
  const { forwarded: said } = req.headers
  if (trusts && typeof said === 'string') {
    const ip = forwardedAddress(said, peer, trusts)
    if (ip !== undefined) return { ip, source: 'forwarded', peer, forwardedIgnored: false }
  }
  const framework = normaliseAddress(answer)
  const forwarded = 'x-forwarded-for' in req.headers || 'forwarded' in req.headers
  if (framework === undefined || framework === peer)
    return { ip: peer, source: peer === undefined ? undefined : 'socket', peer, forwardedIgnored: forwarded }
  return { ip: framework, source: 'framework', peer, forwardedIgnored: false }
}
