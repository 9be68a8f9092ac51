// From the certificate of a timestamp authority to one that is trusted (RFC 5280 section 6, without policies, name constraints
// and revocation: a critical extension that is not looked at here is refused, not passed over).
import type { X509Certificate } from 'node:crypto'
import { BasicConstraints, Certificate, type Extension, ExtKeyUsage } from 'pkijs'
import { TokenFault } from './fault.js'

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'
const EXT_KEY_USAGE = '2.5.29.37'
const LOOKED_AT = new Set([KEY_USAGE, BASIC_CONSTRAINTS, EXT_KEY_USAGE])

/** Certificates between the authority's and a trusted one; no real chain has more than three. */
const MOST_BETWEEN = 6

/**
 * The certificate is for timestamping, and for nothing else (RFC 3161 section 2.3).
 *
 * @throws TokenFault
 */
export function mustStamp(certificate: X509Certificate): void {
  const usage = extensionsOf(certificate).find(({ extnID }) => extnID === EXT_KEY_USAGE)
  const purposes = usage?.parsedValue instanceof ExtKeyUsage ? usage.parsedValue.keyPurposes : []
  if (!usage?.critical || purposes.length !== 1 || purposes[0] !== TIME_STAMPING)
    throw new TokenFault('the certificate of its signer is not for timestamping alone')
}

/**
 * The certificate leads to a trusted one, and all on the way were valid at a time.
 *
 * @throws TokenFault
 */
export function mustChain(
  certificate: X509Certificate,
  others: readonly X509Certificate[],
  ca: readonly X509Certificate[],
  at: Date,
): void {
  mustBeValid(certificate, at)
  if (!leads(certificate, others, ca, at, 0))
    throw new TokenFault('the certificate of its signer does not lead to one that is trusted')
}

// `below`: intermediate certificates between `certificate`'s issuer and the authority's own.
function leads(
  certificate: X509Certificate,
  others: readonly X509Certificate[],
  ca: readonly X509Certificate[],
  at: Date,
  below: number,
): boolean {
  if (ca.some((one) => one.raw.equals(certificate.raw))) return true
  const issues = (one: X509Certificate) => mayIssue(one, certificate, below) && isValid(one, at)
  if (ca.some(issues)) return true
  if (below >= MOST_BETWEEN) return false
  // Whoever was passed on the way up cannot help any more, so the way ends, whatever they signed for one another.
  const rest = others.filter((one) => one !== certificate)
  return rest.filter(issues).some((one) => leads(one, rest, ca, at, below + 1))
}

function mayIssue(issuer: X509Certificate, certificate: X509Certificate, below: number): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false
  const extensions = extensionsOf(issuer)
  if (extensions.some(({ critical, extnID }) => critical && !LOOKED_AT.has(extnID))) return false
  const constraints = extensions.find(({ extnID }) => extnID === BASIC_CONSTRAINTS)?.parsedValue
  const longest = constraints instanceof BasicConstraints ? constraints.pathLenConstraint : undefined
  return longest === undefined || below <= Number(longest)
}

const extensionsOf = (certificate: X509Certificate): Extension[] =>
  Certificate.fromBER(certificate.raw).extensions ?? []

function mustBeValid(certificate: X509Certificate, at: Date): void {
  if (!isValid(certificate, at))
    throw new TokenFault(`the certificate of its signer was not valid at ${at.toISOString()}`)
}

const isValid = ({ validFrom, validTo }: X509Certificate, at: Date) =>
  Date.parse(validFrom) <= at.getTime() && at.getTime() <= Date.parse(validTo)
