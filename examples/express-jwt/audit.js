// The audit of this API: one log, the request context and the token hook. Sign-in is recorded in app.js, by name.

import { createAudit, fileWriter } from '@trailproof/core'
import { auditExpress } from '@trailproof/express'
import { auditJwt } from '@trailproof/jwt'

/** @param {{ dir?: string, keysDir?: string }} [options] - folder of the logs, and folder of the keys (never inside it) */
export function createApiAudit({ dir = './audit', keysDir = './.trailproof' } = {}) {
  return createAudit({
    service: 'api',
    writer: fileWriter(dir),
    keys: { dir: keysDir },
    identify: (user) => ({ id: user.id, names: [user.email], type: 'user' }),
  })
}

/** Attaches the audit; called before any other middleware, so that every request has its context. */
export function attachAudit(audit, { app, jsonwebtoken }) {
  app.use(auditExpress(audit)) // context, device, response gate
  auditJwt(audit, jsonwebtoken) // issued, verified, rejected
}
