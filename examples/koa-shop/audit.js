// Everything that makes this shop audited. Leave this file out and the shop answers the same, unobserved.

import { auditJwt } from '@trailproof/jwt'
import { audited, auditKoa } from '@trailproof/koa'
import { auditPassport } from '@trailproof/passport'
import { auditKoaSession } from '@trailproof/sessions'

// Log, keys and who is who do not depend on the framework.
export { createShopAudit } from '@trailproof/example-express-shop/audit.js'

/**
 * Attaches the audit to the parts of the shop. Called first, so that nothing runs before the request has its context.
 *
 * @param {import('@trailproof/core').Audit} audit
 * @param {object} shop - the application and the libraries it signs people in with
 * @returns what routes use: the `audited` middleware
 */
export function attachAudit(audit, { app, session, sessionOptions, passport, jsonwebtoken }) {
  app.use(auditKoa(audit)) // context, device, response gate
  app.use(auditKoaSession(audit, session)(sessionOptions, app)) // created, renewed, rotated, ended, replayed
  auditPassport(audit, passport) // every attempt of every strategy
  auditJwt(audit, jsonwebtoken) // issued, verified, rejected, revoked
  return { audited }
}
