// What is asked of a timestamp authority (RFC 3161 section 2.4.1): a hash, a nonce, and its certificate.
import { randomBytes } from 'node:crypto'
import { sha256 } from '@trailproof/core/adapter'
import { Integer, Null, OctetString } from 'asn1js'
import { AlgorithmIdentifier, MessageImprint, TimeStampReq } from 'pkijs'

export const SHA_256 = '2.16.840.1.101.3.4.2.1'
const NONCE_BYTES = 16

/** The request over the SHA-256 of some bytes, DER, and the nonce that its answer must bear. */
export function timestampRequest(over: Uint8Array): { request: Uint8Array; nonce: Buffer } {
  const nonce = randomBytes(NONCE_BYTES)
  nonce[0] = (nonce[0]! & 0x3f) | 0x40 // a positive integer of just this length, so that there is one way to write it
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA_256, algorithmParams: new Null() }),
      hashedMessage: new OctetString({ valueHex: sha256(over) }),
    }),
    nonce: new Integer({ valueHex: nonce }),
    certReq: true, // else nobody can verify the token with the authority's root alone
  })
  return { request: new Uint8Array(request.toSchema().toBER()), nonce }
}
