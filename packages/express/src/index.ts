export { auditExpressApps, type ExpressLike } from './apps.js'
export { type AuditedOptions, audited } from './audited.js'
export { type AuditExpressOptions, auditExpress, type Middleware } from './express.js'
