// Everything that makes this shop audited. Leave this file out and the shop answers the same, unobserved.
import type { DynamicModule } from '@nestjs/common'
import type { Audit } from '@trailproof/core'
import { auditJwt } from '@trailproof/jwt'
import { TrailproofModule } from '@trailproof/nestjs'
import { auditPassport } from '@trailproof/passport'
import { auditSession } from '@trailproof/sessions'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import type { PassportStatic } from 'passport'

// Log, keys and who is who do not depend on the framework.
export { createShopAudit } from '@trailproof/example-express-shop/audit.js'

declare module '@trailproof/core' {
  interface Events {
    'invoice.exported': { format: string; rows: number }
  }
}

export interface Attached {
  /** For the root module: context, device, response gate, guards. */
  imports: DynamicModule[]
  /** In place of express-session: created, renewed, rotated, ended, replayed. */
  session: typeof session
}

export function attachAudit(audit: Audit, { passport }: { passport: PassportStatic }): Attached {
  const attach = () => {
    auditPassport(audit, passport) // every attempt of every strategy
    auditJwt(audit, jsonwebtoken) // issued, verified, rejected, revoked
  }
  return { imports: [TrailproofModule.forRoot({ audit, attach })], session: auditSession(audit, session) }
}
