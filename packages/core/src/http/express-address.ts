// Who the client is: Express' own answer, which `trust proxy` decides.
import { type ClientAddress, clientAddress } from './address.js'
import type { AuditedRequest } from './context.js'

type TrustProxy = (address: string, hop: number) => boolean

/** @param forwarded RFC 7239 counts too, from those whom `trust proxy` trusts */
export function expressAddress(req: AuditedRequest, forwarded: boolean): ClientAddress {
  const { app } = req as { app?: { get?(name: string): unknown } }
  const trust = forwarded ? app?.get?.('trust proxy fn') : undefined
  return clientAddress(req, req.ip, typeof trust === 'function' ? (trust as TrustProxy) : undefined)
}
