// Administration: what an auditor asks about first. Facts that no hook can see are recorded here, by name.

import { answer, httpError, requireRole, requireUser, show } from '../lib/http.js'
import { INVOICES, invoicesCsv } from '../lib/invoices.js'
import { adminPage } from '../lib/page.js'

export function adminRoutes(app, { users, audit, audited }) {
  const adminOnly = requireRole('admin')

  app.get('/admin', adminOnly, (req, res) => {
    show(req, res, { page: () => adminPage(users.all()), json: { users: users.all() } })
  })

  app.get(
    '/admin/invoices.csv',
    adminOnly,
    audited('invoice.exported', {
      target: () => ({ type: 'invoices', id: 'all' }),
      data: () => ({ format: 'csv', rows: INVOICES.length }),
    }),
    (_req, res) => {
      res.attachment('invoices.csv').send(invoicesCsv())
    },
  )

  app.post('/admin/users/:id/disable', adminOnly, async (req, res) => {
    const user = find(users, req)
    users.disable(user)
    await audit?.record({ event: 'account.disabled', actor: req.user, target: { account: user } })
    answer(req, res, { redirect: '/admin', json: { id: user.id, disabled: true } })
  })

  app.post('/admin/impersonate/stop', requireUser, async (req, res) => {
    const admin = users.byId(req.session.impersonatorId)
    if (!admin) throw httpError(409)
    const impersonated = req.user
    await signInAs(req, admin)
    await audit?.record({ event: 'impersonation.stopped', actor: admin, target: { account: impersonated } })
    answer(req, res, { redirect: '/', json: { id: admin.id } })
  })

  app.post('/admin/impersonate/:id', adminOnly, async (req, res) => {
    const admin = req.user
    const user = find(users, req)
    if (user.role === 'admin') throw httpError(403)
    // First the record, then the session: nobody acts as another person without a trace.
    await audit?.record({ event: 'impersonation.started', actor: admin, target: { account: user } })
    await signInAs(req, user)
    req.session.impersonatorId = admin.id
    answer(req, res, { redirect: '/', json: { id: user.id, impersonatedBy: admin.id } })
  })
}

function find(users, req) {
  const user = users.byId(req.params.id)
  if (!user || user.disabled) throw httpError(404)
  return user
}

// A new session each time, so that nothing of one person's session carries over to the other's.
const signInAs = (req, user) =>
  new Promise((resolve, reject) => req.login(user, (error) => (error ? reject(error) : resolve())))
