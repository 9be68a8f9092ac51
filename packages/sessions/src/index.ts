// @trailproof/sessions: the life of every session that express-session keeps.
export { auditSession, type SessionFactory } from './express-session.js'
export type { SessionAuditOptions } from './options.js'
