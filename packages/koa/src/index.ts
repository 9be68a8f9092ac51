// @trailproof/koa: the context of a request, and routes that are audited.
export { auditKoaApps, type KoaLike } from './apps.js'
export { type AuditedOptions, audited } from './audited.js'
export { type AuditKoaOptions, auditKoa, type KoaContext, type KoaMiddleware } from './koa.js'
