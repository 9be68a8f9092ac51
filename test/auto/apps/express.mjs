import express from 'express'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import passport from 'passport'
import { Strategy } from 'passport-local'

const app = express()
app.use(express.json())
app.use(session({ secret: 'of the test', resave: false, saveUninitialized: false }))
passport.use(new Strategy((_name, word, done) => done(null, word === 'right' ? { id: 'u-1' } : false)))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, { id }))
app.use(passport.initialize(), passport.session())
app.post('/login', passport.authenticate('local'), (req, res) => {
  res.json({ token: jsonwebtoken.sign({ sub: req.user.id }, 'of the test'.repeat(4)) })
})
const signedIn = (req, res, next) => (req.user ? next() : res.status(401).json({ error: 'sign in' }))
app.get('/me', signedIn, (req, res) => res.json(req.user))
app.get('/admin', signedIn, (_req, res) => res.status(403).json({ error: 'no' }))
app.get('/boom', () => {
  throw new Error('boom')
})
app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : req.session.destroy(() => res.json({ bye: true }))))
})
app.use((_error, _req, res, _next) => res.status(500).json({ error: 'broken' }))
import('./scenario.mjs').then(async ({ play }) => console.log(JSON.stringify(await play(app))))
