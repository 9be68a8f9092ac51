// Records every token that jsonwebtoken issues, verifies or rejects.
export { auditJwt, type JsonWebTokenLike, type JwtHookOptions } from './jwt.js'
export type { RejectionReason } from './reason.js'
