// What `TrailproofModule.forRoot` takes.
import type { Audit, AuditOptions } from '@trailproof/core'
import type { EveryRequest } from '@trailproof/core/adapter'

interface Attaching {
  /**
   * Called once with the audit, when the module is made: attach hooks here, such as `auditPassport(audit, passport)` and
   * `auditJwt(audit, jsonwebtoken)`. What it throws stops the application from starting.
   */
  attach?: (audit: Audit) => void
  /**
   * Below these paths every HTTP request leaves a record when its answer begins: `{ '/admin/**': 'admin.action' }`. The
   * outcome follows the status, as with `@Audited`. A request that another record tells is not told twice: a denial
   * (`authz.denied`), a failed sign-in, a handler with `@Audited`.
   */
  every?: EveryRequest
  /**
   * On platform-express: reads the client's address from the header `Forwarded` (RFC 7239) too, where `trust proxy` trusts
   * who sent it; see `auditExpress`. Fastify tells nobody whom it trusts: there it is refused. Default false.
   */
  forwarded?: boolean
}

/** Options of `createAudit`: the module makes the audit, and closes it when the application shuts down. */
export type OwnAudit = AuditOptions & Attaching & { audit?: undefined }

/** An audit made elsewhere: the module uses it, writes out what is queued at shutdown, and leaves closing to its maker. */
export type GivenAudit = { audit: Audit } & Attaching

export type TrailproofModuleOptions = OwnAudit | GivenAudit

/** For `forRootAsync({ useClass })` and `useExisting`. */
export interface TrailproofOptionsFactory {
  createTrailproofOptions(): TrailproofModuleOptions | Promise<TrailproofModuleOptions>
}
