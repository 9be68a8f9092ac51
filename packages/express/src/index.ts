export { type AuditedOptions, audited } from './audited.js'
export { auditExpress, type Middleware } from './express.js'
