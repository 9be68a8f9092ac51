// Signing in and out, and the pages of a customer.

import { answer, requireUser, show } from '../lib/http.js'
import { homePage } from '../lib/page.js'

const REMEMBER_MS = 30 * 24 * 60 * 60 * 1000

export function accountRoutes(app, { signIn }) {
  app.get('/', (req, res) => {
    res.type('html').send(homePage({ user: req.user, impersonated: Boolean(req.session.impersonatorId) }))
  })

  app.post('/login', signIn.toSession, (req, res) => {
    if (req.body.remember) req.session.cookie.maxAge = REMEMBER_MS
    answer(req, res, { redirect: '/', json: { user: view(req.user) } })
  })

  app.post('/logout', requireUser, (req, res, next) => {
    req.logout((error) => {
      if (error) return next(error)
      res.clearCookie('shop.sid')
      return answer(req, res, { redirect: '/', json: {} })
    })
  })

  app.get('/account', requireUser, (req, res) => {
    const { impersonatorId } = req.session
    show(req, res, {
      page: () => homePage({ user: req.user, impersonated: Boolean(impersonatorId) }),
      json: { user: view(req.user), ...(impersonatorId && { impersonatedBy: impersonatorId }) },
    })
  })
}

const view = ({ id, email, role }) => ({ id, email, role })
