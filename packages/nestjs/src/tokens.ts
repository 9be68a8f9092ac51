// What providers ask for to get the audit.
import { Inject } from '@nestjs/common'

/** Token of the audit; behind `Symbol.for`, since an application may load this package as ESM and as CommonJS. */
export const AUDIT = Symbol.for('trailproof.nestjs.audit')

/** Injects the audit: `constructor(@InjectAudit() private readonly audit: Audit) {}`. */
export const InjectAudit = (): PropertyDecorator & ParameterDecorator => Inject(AUDIT)
