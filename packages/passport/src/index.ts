// Records every sign-in attempt that passport decides, and who signs in and out of sessions through it.
export type { PassportHookOptions } from './options.js'
export { auditPassport, type PassportLike } from './passport.js'
