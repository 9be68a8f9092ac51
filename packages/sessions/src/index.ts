// @trailproof/sessions: the life of every session that express-session or koa-session keeps.
export { auditSession, type SessionFactory } from './express-session.js'
export { auditKoaSession, type KoaSessionFactory } from './koa/koa-session.js'
export type { SessionAuditOptions } from './options.js'
