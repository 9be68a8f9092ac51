// The commonest API: Express, bcrypt and a JWT. No library decides the sign-in here, so the app records it itself.

import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import bcrypt from 'bcryptjs'
import express from 'express'
import jsonwebtoken from 'jsonwebtoken'

/**
 * @param {object} options
 * @param {Array<{ email: string, password: string }>} options.users
 * @param {object} [options.audit] - the audit, see audit.js; without it the API answers the same
 * @param {Function} [options.attach] - `attachAudit` of audit.js; needed with `audit` only
 * @param {number} [options.bcryptRounds] - 10, bcrypt's own default
 * @param {Buffer} [options.tokenSecret] - default: random, so tokens end with the process
 */
export function createApi({ users: people, audit, attach, bcryptRounds = 10, tokenSecret }) {
  const app = express()
  const tokenKey = createSecretKey(tokenSecret ?? randomBytes(32))
  const users = people.map(({ email, password }, i) => {
    return { id: `u-${i + 1}`, email, passwordHash: bcrypt.hashSync(password, bcryptRounds) }
  })
  const nobodysHash = bcrypt.hashSync(randomUUID(), bcryptRounds) // an unknown user takes as long as a known one

  app.disable('x-powered-by')
  if (audit) attach(audit, { app, jsonwebtoken })
  app.use(express.json())

  app.post('/login', async (req, res) => {
    const { email, password } = req.body ?? {}
    if (typeof email !== 'string' || typeof password !== 'string') throw httpError(400)

    const user = users.find((one) => one.email === email)
    const matches = await bcrypt.compare(password, user?.passwordHash ?? nobodysHash)
    if (!user || !matches) {
      const reason = user ? 'bad_credentials' : 'unknown_user' // told apart in the log, never in the answer
      await audit?.record({ event: 'login.failed', claimed: email, reason, auth: { method: 'password' } })
      throw httpError(401)
    }
    await audit?.record({ event: 'login.succeeded', claimed: email, actor: user, auth: { method: 'password' } })

    const options = { algorithm: 'HS256', subject: user.id, issuer: 'api', expiresIn: '1h', jwtid: randomUUID() }
    res.set('Cache-Control', 'no-store').json({ token: jsonwebtoken.sign({}, tokenKey, options) })
  })

  app.get('/me', requireToken, (req, res) => {
    res.json({ id: req.user.id, email: req.user.email })
  })

  app.use((_req, _res, next) => next(httpError(404)))
  app.use(handleError)

  function requireToken(req, _res, next) {
    const [, token] = /^Bearer (\S+)$/i.exec(req.get('authorization') ?? '') ?? []
    try {
      const { sub } = jsonwebtoken.verify(token, tokenKey, { algorithms: ['HS256'], issuer: 'api' })
      req.user = users.find((one) => one.id === sub)
    } catch (error) {
      if (!(error instanceof jsonwebtoken.JsonWebTokenError)) throw error
    }
    next(req.user ? undefined : httpError(401))
  }

  return { app, users, tokenKey }
}

const httpError = (status) => Object.assign(new Error(STATUS_CODES[status]), { status })

// Honours `err.status`, so that a refusal by the audit (503) reaches the client as what it is.
function handleError(err, _req, res, next) {
  if (res.headersSent) return next(err)
  const status = err.status >= 400 && err.status < 600 ? err.status : 500
  if (status === 500) console.error(err.stack)
  return res.status(status).json({ error: STATUS_CODES[status] ?? 'Error' })
}
