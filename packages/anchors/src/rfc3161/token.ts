// What a timestamp authority answers, taken apart and verified (RFC 3161 section 2.4.2, RFC 5652 section 5, RFC 5816).
// pkijs knows the structures; signatures and certificates are for OpenSSL, by way of node:crypto. pkijs' own chain building is
// not used: it never ends on certificates that signed one another, and anybody can put such into a log folder.

import { hash, verify, X509Certificate } from 'node:crypto'
import { sha256 } from '@trailproof/core/adapter'
import { equalBytes } from '@trailproof/tlog'
import {
  type Attribute,
  Certificate,
  IssuerAndSerialNumber,
  id_ContentType_SignedData,
  id_eContentType_TSTInfo,
  id_SubjectKeyIdentifier,
  PKIStatus,
  SignedData,
  type SignerInfo,
  TimeStampResp,
  TSTInfo,
} from 'pkijs'
import { mustChain, mustStamp } from './chain.js'
import { TokenFault } from './fault.js'
import { SHA_256 } from './request.js'

/** What a verified token says. */
export interface Stamp {
  /** genTime: the authority had seen the hash by then. */
  time: Date
}

export interface Expected {
  /** The bytes whose SHA-256 was stamped. */
  over: Uint8Array
  /** Certificates to trust. */
  ca: readonly X509Certificate[]
  /** The nonce of the request; left out when a kept answer is verified later. */
  nonce?: Uint8Array
}

const DIGESTS: Record<string, string> = {
  [SHA_256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** By signature algorithm: the type of key, and the digest where the algorithm names it. */
const SIGNATURES: Record<string, { key: string; digest?: string }> = {
  '1.2.840.113549.1.1.1': { key: 'rsa' },
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
}

const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12' // names the certificate by SHA-1
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47' // by SHA-256, unless it says otherwise

const MAX_BYTES = 64 * 1024
const MAX_CERTIFICATES = 20

/**
 * Verifies a whole answer (`.tsr`): that it was granted, is about these bytes, and is signed by an authority whose
 * certificate is for timestamping alone and leads to one of `ca`, all valid at the time that it says.
 *
 * Revocation is not asked for.
 *
 * @throws TokenFault what of it does not hold
 */
export function verifyResponse(bytes: Uint8Array, expected: Expected): Stamp {
  try {
    return verified(bytes, expected)
  } catch (error) {
    if (error instanceof TokenFault) throw error
    throw new TokenFault('it is malformed') // deep in a library: what comes from a stranger may be of any shape
  }
}

function verified(bytes: Uint8Array, { over, ca, nonce }: Expected): Stamp {
  const { signed, info, content } = parsed(bytes)
  if (info.messageImprint.hashAlgorithm.algorithmId !== SHA_256) throw new TokenFault('it stamps no SHA-256')
  if (!equalBytes(bytesOf(info.messageImprint.hashedMessage), sha256(over)))
    throw new TokenFault('it was made for something else')
  if (nonce && !(info.nonce && equalBytes(bytesOf(info.nonce), nonce)))
    throw new TokenFault('it does not bear the nonce of the request')
  if (signed.signerInfos.length !== 1) throw new TokenFault(`it has ${signed.signerInfos.length} signatures, not one`)
  const certificates = certificatesOf(signed)
  const [signer] = signed.signerInfos
  const certificate = signerAmong(certificates, signer!)
  mustStamp(certificate)
  mustBeSigned(signer!, content, certificate)
  mustChain(certificate, certificates, ca, info.genTime)
  return { time: info.genTime }
}

interface Parsed {
  signed: SignedData
  info: TSTInfo
  /** The bytes of `info`, as they were signed. */
  content: Uint8Array
}

function parsed(bytes: Uint8Array): Parsed {
  if (bytes.length > MAX_BYTES) throw new TokenFault(`it is longer than ${MAX_BYTES} bytes`)
  let response: TimeStampResp
  try {
    response = TimeStampResp.fromBER(Uint8Array.from(bytes))
  } catch {
    throw new TokenFault('it is no answer of a timestamp authority')
  }
  const { status } = response.status
  if (status !== PKIStatus.granted && status !== PKIStatus.grantedWithMods)
    throw new TokenFault(`the authority did not grant it: ${PKIStatus[status] ?? status}`)
  const token = response.timeStampToken
  if (token?.contentType !== id_ContentType_SignedData) throw new TokenFault('it holds no signed token')
  const signed = new SignedData({ schema: token.content })
  const { eContentType, eContent } = signed.encapContentInfo
  if (eContentType !== id_eContentType_TSTInfo || !eContent) throw new TokenFault('its token is of another kind')
  const content = new Uint8Array(eContent.getValue())
  return { signed, content, info: TSTInfo.fromBER(content) }
}

function certificatesOf({ certificates = [] }: SignedData): X509Certificate[] {
  if (certificates.length > MAX_CERTIFICATES) throw new TokenFault(`it has more than ${MAX_CERTIFICATES} certificates`)
  return certificates
    .filter((one) => one instanceof Certificate)
    .map((one) => new X509Certificate(Buffer.from(one.toSchema().toBER())))
}

/** The certificate that the signature names; that it is this one, the signature itself covers: see mustName. */
function signerAmong(certificates: readonly X509Certificate[], { sid }: SignerInfo): X509Certificate {
  const found = certificates.find((one) => {
    const { issuer, serialNumber, extensions = [] } = Certificate.fromBER(one.raw)
    if (sid instanceof IssuerAndSerialNumber)
      return issuer.isEqual(sid.issuer) && serialNumber.isEqual(sid.serialNumber)
    const keyId = extensions.find(({ extnID }) => extnID === id_SubjectKeyIdentifier)?.parsedValue
    return keyId !== undefined && equalBytes(bytesOf(keyId), bytesOf(sid.valueBlock?.value?.[0] ?? sid))
  })
  if (!found) throw new TokenFault('it does not bring the certificate of its signer')
  return found
}

function mustBeSigned(signer: SignerInfo, content: Uint8Array, certificate: X509Certificate): void {
  const digest = DIGESTS[signer.digestAlgorithm.algorithmId]
  const algorithm = SIGNATURES[signer.signatureAlgorithm.algorithmId]
  if (!digest || !algorithm) throw new TokenFault('it is signed in a way that is not known here')
  const attributes = signer.signedAttrs?.attributes ?? []
  if (attributeOf(attributes, CONTENT_TYPE)?.getValue?.() !== id_eContentType_TSTInfo)
    throw new TokenFault('its signature is not about a timestamp')
  const digested = attributeOf(attributes, MESSAGE_DIGEST)
  if (!digested || !equalBytes(bytesOf(digested), hash(digest, content, 'buffer')))
    throw new TokenFault('it was changed: its content is not what was signed')
  mustName(attributes, certificate)
  const key = certificate.publicKey
  const message = new Uint8Array(signer.signedAttrs!.encodedValue)
  if (
    key.asymmetricKeyType !== algorithm.key ||
    !verify(algorithm.digest ?? digest, message, key, bytesOf(signer.signature))
  )
    throw new TokenFault('it was changed: the signature does not match')
}

/** The signature covers which certificate it was made with, or one with the same key could be put in its place. */
function mustName(attributes: readonly Attribute[], certificate: X509Certificate): void {
  const v2 = attributeOf(attributes, SIGNING_CERTIFICATE_V2)
  const v1 = attributeOf(attributes, SIGNING_CERTIFICATE)
  // SigningCertificate: a list of certificates, the first the signer's; of it the hash is the first string of bytes.
  const first = (v2 ?? v1)?.valueBlock.value?.[0]?.valueBlock.value?.[0]?.valueBlock.value ?? []
  const named = first.find(({ idBlock }) => idBlock.tagClass === 1 && idBlock.tagNumber === 4)
  const algorithm = v2
    ? first.find(({ idBlock }) => idBlock.tagNumber === 16)?.valueBlock.value?.[0]?.getValue?.()
    : undefined
  const digest = v2 ? DIGESTS[typeof algorithm === 'string' ? algorithm : SHA_256] : 'sha1'
  if (!named || !digest || !equalBytes(bytesOf(named), hash(digest, certificate.raw, 'buffer')))
    throw new TokenFault('its signature does not name the certificate that it brings')
}

/** As much of asn1js' blocks as is used here; which of these a block has, depends on its type. */
interface Block {
  idBlock: { tagClass: number; tagNumber: number }
  valueBlock: { value?: Block[]; valueHexView?: Uint8Array }
  getValue?: () => unknown
}

function attributeOf(attributes: readonly Attribute[], type: string): Block | undefined {
  const found = attributes.filter((attribute) => attribute.type === type)
  return found.length === 1 && found[0]!.values.length === 1 ? (found[0]!.values[0] as Block) : undefined
}

const bytesOf = (block: unknown): Uint8Array => (block as Block).valueBlock.valueHexView ?? new Uint8Array(0)
