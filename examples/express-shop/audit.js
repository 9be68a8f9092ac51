// Everything that makes this shop audited. Leave this file out and the shop answers the same, unobserved.

import { createAudit, fileWriter } from '@trailproof/core'
import { auditExpress, audited } from '@trailproof/express'
import { auditJwt } from '@trailproof/jwt'
import { auditPassport } from '@trailproof/passport'
import { auditSession } from '@trailproof/sessions'

/**
 * Opens the audit log of the shop.
 *
 * @param {{ dir?: string, keysDir?: string }} [options] - folder of the logs, and folder of the keys (never inside it)
 */
export function createShopAudit({ dir = './audit', keysDir = './.trailproof' } = {}) {
  return createAudit({
    service: 'shop',
    writer: fileWriter(dir),
    keys: { dir: keysDir },
    identify: (user) => ({ id: user.id, names: [user.email], type: user.role === 'admin' ? 'admin' : 'user' }),
  })
}

/**
 * Attaches the audit to the parts of the shop. Called first, so that nothing runs before the request has its context.
 *
 * @param {ReturnType<typeof createAudit>} audit
 * @param {object} shop - the application and the libraries it signs people in with
 * @returns what routes use: the `audited` middleware
 */
export function attachAudit(audit, { app, session, sessionOptions, passport, jsonwebtoken }) {
  app.use(auditExpress(audit)) // context, device, response gate
  app.use(auditSession(audit, session)(sessionOptions)) // created, renewed, rotated, ended, replayed
  auditPassport(audit, passport) // every attempt of every strategy
  auditJwt(audit, jsonwebtoken) // issued, verified, rejected, revoked
  return { audited }
}
