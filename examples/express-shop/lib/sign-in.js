// Sign-in with e-mail and password (passport-local). The code says why, for the log; the client never learns it.

import { Strategy as LocalStrategy } from 'passport-local'
import { httpError } from './http.js'

const refuse = (code) => ({ code, message: 'Invalid email or password' })

/**
 * @param {import('passport').Authenticator} passport
 * @param {ReturnType<import('./users.js').createUsers>} users
 * @returns `toSession` and `once` (no session), two middlewares that let only the right password pass
 */
export function usePasswords(passport, users) {
  passport.use(
    new LocalStrategy({ usernameField: 'email' }, async (email, password, done) => {
      if (typeof email !== 'string' || typeof password !== 'string') return done(httpError(400)) // JSON can hold anything
      try {
        const user = users.byEmail(email)
        const matches = await users.passwordMatches(user, password)
        if (!user) return done(null, false, refuse('unknown_user'))
        if (!matches) return done(null, false, refuse('bad_credentials'))
        if (user.disabled) return done(null, false, refuse('account_disabled'))
        return done(null, user)
      } catch (error) {
        return done(error)
      }
    }),
  )
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => {
    const user = users.byId(id)
    done(null, user && !user.disabled ? user : false) // disabling an account ends its sessions too
  })

  return {
    toSession: passport.authenticate('local', { failWithError: true }),
    once: passport.authenticate('local', { failWithError: true, session: false }),
  }
}
