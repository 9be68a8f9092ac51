// The shop: an Express application put together from its parts. The audit is attached at one place, and may be absent.

import { createSecretKey, randomBytes } from 'node:crypto'
import express from 'express'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import passport from 'passport'
import { handleError, notFound } from './lib/http.js'
import { usePasswords } from './lib/sign-in.js'
import { createTokens } from './lib/tokens.js'
import { createUsers } from './lib/users.js'
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
 * @param {import('express-session').Store} [options.store] - default: sessions in memory
 * @param {string} [options.sessionSecret] - default: random, so sessions end with the process
 * @param {Buffer} [options.tokenSecret] - default: random, so tokens end with the process
 */
export function createShop({ users: people, audit, attach, store, sessionSecret, tokenSecret }) {
  const app = express()
  const sessionOptions = {
    name: 'shop.sid',
    secret: sessionSecret ?? randomBytes(32).toString('base64url'),
    store,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
  }
  const ownPassport = new passport.Passport()

  app.disable('x-powered-by')
  const parts = { app, session, sessionOptions, passport: ownPassport, jsonwebtoken }
  const { audited } = audit ? attach(audit, parts) : withoutAudit(parts)

  const users = createUsers(people)
  const tokenKey = createSecretKey(tokenSecret ?? randomBytes(32))
  const tokens = createTokens({ key: tokenKey, users, audit })
  const signIn = usePasswords(ownPassport, users)

  app.use(express.json(), express.urlencoded({ extended: false }))
  app.use(ownPassport.session())
  accountRoutes(app, { signIn })
  apiRoutes(app, { signIn, tokens })
  adminRoutes(app, { users, audit, audited })
  app.use(notFound, handleError)

  return { app, users, tokenKey }
}

function withoutAudit({ app, session, sessionOptions }) {
  app.use(session(sessionOptions))
  return { audited: () => (_req, _res, next) => next() }
}
