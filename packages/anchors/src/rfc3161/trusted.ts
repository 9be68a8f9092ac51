// Certificates to trust, as PEM brings them.
import { X509Certificate } from 'node:crypto'
import { invalid } from '../failure.js'

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** @throws TRAILPROOF_OPTION_INVALID there is no certificate in it */
export function trustedCertificates(pem: string): X509Certificate[] {
  try {
    const found = (String(pem).match(PEM) ?? []).map((text) => new X509Certificate(text))
    if (found.length > 0) return found
  } catch {} // OpenSSL's own words are of no help
  throw invalid('"ca" holds no certificate in PEM', "ca: readFileSync('tsa-ca.pem', 'utf8')")
}
