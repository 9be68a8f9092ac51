// What an attacker makes by hand. Not with jsonwebtoken: in the shop's process its hook would see the attacker sign.

import { createHmac } from 'node:crypto'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT with these claims under HS256. */
export function signToken(claims, key) {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

/** A JWT that claims to need no signature (RFC 8725 2.1). */
export const unsignedToken = (claims) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`

/** The claims of a token, unverified. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString('utf8'))

/** The same cookie with another signature. Not the last character: its spare bits may decode to the same bytes. */
export function alterSignature(cookie) {
  const at = cookie.length - 5
  return `${cookie.slice(0, at)}${cookie[at] === 'A' ? 'B' : 'A'}${cookie.slice(at + 1)}`
}
