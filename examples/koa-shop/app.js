// The shop: a Koa application put together from its parts. The audit is attached at one place, and may be absent.

import { createSecretKey, randomBytes } from 'node:crypto'
import Router from '@koa/router'
import { usePasswords } from '@trailproof/example-express-shop/lib/sign-in.js'
import { createTokens } from '@trailproof/example-express-shop/lib/tokens.js'
import { createUsers } from '@trailproof/example-express-shop/lib/users.js'
import jsonwebtoken from 'jsonwebtoken'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import koaPassport from 'koa-passport'
import session from 'koa-session'
import { answerErrors, notFound } from './lib/http.js'
import { MemoryStore } from './lib/memory-store.js'
import { accountRoutes } from './routes/account.js'
import { adminRoutes } from './routes/admin.js'
import { apiRoutes } from './routes/api.js'

/**
 * Builds a shop of its own: two shops in one process share no user, session or passport.
 *
 * @param {object} options
 * @param {Array<{ email: string, password: string, role: 'customer' | 'admin' }>} options.users - ids are u-1, u-2, … in this order
 * @param {object} [options.audit] - the audit, see audit.js
 * @param {Function} [options.attach] - `attachAudit` of audit.js; needed with `audit` only
 * @param {object} [options.store] - of koa-session; default: sessions in memory
 * @param {string} [options.sessionSecret] - default: random, so sessions end with the process
 * @param {Buffer} [options.tokenSecret] - default: random, so tokens end with the process
 */
export function createShop({ users: people, audit, attach, store, sessionSecret, tokenSecret }) {
  const app = new Koa()
  app.keys = [sessionSecret ?? randomBytes(32).toString('base64url')]
  const sessionOptions = {
    key: 'shop.sid',
    store: store ?? new MemoryStore(),
    // For as long as the browser is open, unless it is to be remembered. koa-session forgets this when it saves twice.
    beforeSave: (ctx, current) => {
      ctx.sessionOptions.maxAge = current.rememberMs ?? 'session'
    },
    rolling: true, // whoever uses a session keeps it
    sameSite: 'lax',
  }
  const passport = new koaPassport.KoaPassport()

  const parts = { app, session, sessionOptions, passport, jsonwebtoken }
  const { audited } = audit ? attach(audit, parts) : withoutAudit(parts)

  const users = createUsers(people)
  const tokenKey = createSecretKey(tokenSecret ?? randomBytes(32))
  const tokens = createTokens({ key: tokenKey, users, audit })
  const signIn = usePasswords(passport, users)

  app.use(answerErrors)
  app.use(bodyParser())
  app.use(passport.initialize()).use(passport.session())
  const router = new Router()
  accountRoutes(router, { signIn })
  apiRoutes(router, { signIn, tokens })
  adminRoutes(router, { users, audit, audited })
  app.use(router.routes()).use(notFound)

  return { app, users, tokenKey }
}

function withoutAudit({ app, session, sessionOptions }) {
  app.use(session(sessionOptions, app))
  return { audited: () => (_ctx, next) => next() }
}
