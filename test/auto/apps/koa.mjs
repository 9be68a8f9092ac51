import Router from '@koa/router'
import jsonwebtoken from 'jsonwebtoken'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import passport from 'koa-passport'
import session from 'koa-session'
import { Strategy } from 'passport-local'

const app = new Koa()
app.keys = ['of the test']
app.silent = true
const kept = new Map()
const store = {
  get: async (id) => kept.get(id),
  set: async (id, value) => void kept.set(id, value),
  destroy: async (id) => void kept.delete(id),
}
passport.use(new Strategy((_name, word, done) => done(null, word === 'right' ? { id: 'u-1' } : false)))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, { id }))
const router = new Router()
router.post('/login', passport.authenticate('local'), (ctx) => {
  ctx.body = { token: jsonwebtoken.sign({ sub: ctx.state.user.id }, 'of the test'.repeat(4)) }
})
const signedIn = (ctx, next) => {
  if (ctx.state.user) return next()
  ctx.status = 401
  ctx.body = { error: 'sign in' }
}
router.get('/me', signedIn, (ctx) => {
  ctx.body = ctx.state.user
})
router.get('/admin', signedIn, (ctx) => {
  ctx.status = 403
  ctx.body = { error: 'no' }
})
router.get('/boom', () => {
  throw new Error('boom')
})
router.post('/logout', async (ctx) => {
  await ctx.logout()
  ctx.session = null
  ctx.body = { bye: true }
})
app.use(session({ store }, app)).use(bodyParser()).use(passport.initialize()).use(passport.session())
app.use(router.routes())
import('./scenario.mjs').then(async ({ play }) => console.log(JSON.stringify(await play(app.callback()))))
