// Access tokens (5 minutes) and refresh tokens (14 days, each used once): signed JWTs, told apart by their audience.

import { randomUUID } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'
import { httpError } from './http.js'

export const ISSUER = 'shop'
export const ACCESS = 'shop-api'
export const REFRESH = 'shop-refresh'

/**
 * @param {object} options
 * @param {import('node:crypto').KeyObject} options.key
 * @param {ReturnType<import('./users.js').createUsers>} options.users
 * @param {object} [options.audit] - is told of exchanges and revocations, which no hook can see
 */
export function createTokens({ key, users, audit }) {
  const liveRefresh = new Map() // jti of an unused refresh token -> the family (one sign-in) it descends from
  const revoked = new Set() // jti of access tokens withdrawn before their time

  const sign = (user, audience, expiresIn, claims) => {
    const options = { algorithm: 'HS256', issuer: ISSUER, audience, subject: user.id, expiresIn, jwtid: randomUUID() }
    return { token: jsonwebtoken.sign(claims, key, options), jti: options.jwtid }
  }

  function issue(user, family = randomUUID()) {
    const access = sign(user, ACCESS, '5m', { role: user.role })
    const refresh = sign(user, REFRESH, '14d', { family })
    liveRefresh.set(refresh.jti, family)
    return { access_token: access.token, refresh_token: refresh.token, token_type: 'Bearer', expires_in: 300 }
  }

  /** The claims of a genuine token that is still in time, else undefined. */
  function read(token, audience) {
    try {
      return jsonwebtoken.verify(token, key, { algorithms: ['HS256'], issuer: ISSUER, audience })
    } catch (error) {
      if (error instanceof jsonwebtoken.JsonWebTokenError) return undefined
      throw error
    }
  }

  function check(token, audience) {
    const claims = read(token, audience)
    const user = users.byId(claims?.sub)
    if (!user || user.disabled || revoked.has(claims.jti)) throw httpError(401)
    return { claims, user }
  }

  async function revokeFamily(family) {
    const ended = [...liveRefresh].filter(([, of]) => of === family).map(([jti]) => jti)
    for (const jti of ended) liveRefresh.delete(jti)
    for (const jti of ended) await audit?.tokenRevoked(jti)
  }

  return {
    issue,

    access: (token) => check(token, ACCESS),

    /** A used token that comes back was copied: whoever holds its successor is signed out too (RFC 9700 4.14.2). */
    async refresh(token) {
      const { claims, user } = check(token, REFRESH)
      if (!liveRefresh.delete(claims.jti)) {
        await revokeFamily(claims.family)
        throw httpError(401)
      }
      await audit?.tokenRevoked(token) // from here on its return is a `token.reuse_detected`
      await audit?.record({ event: 'token.refreshed', actor: user, token })
      return issue(user, claims.family)
    },

    /** Withdraws an access or refresh token. Asking twice, or with a token that is not ours, changes nothing (RFC 7009). */
    async revoke(token) {
      const claims = read(token)
      if (!claims) return undefined
      if (claims.aud === REFRESH) return revokeFamily(claims.family)
      revoked.add(claims.jti)
      return audit?.tokenRevoked(token)
    },
  }
}
