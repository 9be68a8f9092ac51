// The API for programs and phones: tokens instead of cookies.

import { httpError } from '../lib/http.js'

export function apiRoutes(app, { signIn, tokens }) {
  const sessionOrPassword = (req, res, next) => (req.isAuthenticated() ? next() : signIn.once(req, res, next))

  app.post('/api/token', sessionOrPassword, (req, res) => {
    res.set('Cache-Control', 'no-store').json(tokens.issue(req.user))
  })

  app.post('/api/token/refresh', async (req, res) => {
    res.set('Cache-Control', 'no-store').json(await tokens.refresh(field(req, 'refresh_token')))
  })

  app.post('/api/token/revoke', async (req, res) => {
    await tokens.revoke(field(req, 'token'))
    res.json({})
  })

  app.get('/api/me', (req, res) => {
    const [, token] = /^Bearer (\S+)$/i.exec(req.get('authorization') ?? '') ?? []
    if (!token) throw httpError(401)
    const { user } = tokens.access(token)
    res.json({ id: user.id, email: user.email, role: user.role })
  })
}

function field(req, name) {
  const value = req.body?.[name]
  if (typeof value !== 'string') throw httpError(400)
  return value
}
