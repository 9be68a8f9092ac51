// What `TrailproofModule.forRoot` takes.
import type { Audit, AuditOptions } from '@trailproof/core'

interface Attaching {
  /**
   * Called once with the audit, when the module is made: attach hooks here, such as `auditPassport(audit, passport)` and
   * `auditJwt(audit, jsonwebtoken)`. What it throws stops the application from starting.
   */
  attach?: (audit: Audit) => void
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
