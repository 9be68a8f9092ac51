// Everybody may sign in, under any name: what a password costs is not what is measured.
import { Strategy as LocalStrategy } from 'passport-local'

export const SESSION = { secret: 'bench only', resave: false, saveUninitialized: false }

export function signsIn(passport) {
  passport.use(new LocalStrategy((name, _password, done) => done(null, { id: name })))
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, { id }))
  return passport
}
