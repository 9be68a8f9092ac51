// Administration: what an auditor asks about first. Facts that no hook can see are recorded here, by name.

import { INVOICES, invoicesCsv } from '@trailproof/example-express-shop/lib/invoices.js'
import { adminPage } from '@trailproof/example-express-shop/lib/page.js'
import { answer, httpError, requireRole, requireUser, show } from '../lib/http.js'

export function adminRoutes(router, { users, audit, audited }) {
  const adminOnly = requireRole('admin')

  router.get('/admin', adminOnly, (ctx) => {
    show(ctx, { page: () => adminPage(users.all()), json: { users: users.all() } })
  })

  router.get(
    '/admin/invoices.csv',
    adminOnly,
    audited('invoice.exported', {
      target: () => ({ type: 'invoices', id: 'all' }),
      data: () => ({ format: 'csv', rows: INVOICES.length }),
    }),
    (ctx) => {
      ctx.attachment('invoices.csv')
      ctx.body = invoicesCsv()
    },
  )

  router.post('/admin/users/:id/disable', adminOnly, async (ctx) => {
    const user = find(users, ctx)
    users.disable(user)
    await audit?.record({ event: 'account.disabled', actor: ctx.state.user, target: { account: user } })
    answer(ctx, { redirect: '/admin', json: { id: user.id, disabled: true } })
  })

  router.post('/admin/impersonate/stop', requireUser, async (ctx) => {
    const admin = users.byId(ctx.session.impersonatorId)
    if (!admin) throw httpError(409)
    const impersonated = ctx.state.user
    delete ctx.session.impersonatorId // koa-session keeps what a session holds when it gets another id
    await ctx.login(admin)
    await audit?.record({ event: 'impersonation.stopped', actor: admin, target: { account: impersonated } })
    answer(ctx, { redirect: '/', json: { id: admin.id } })
  })

  router.post('/admin/impersonate/:id', adminOnly, async (ctx) => {
    const admin = ctx.state.user
    const user = find(users, ctx)
    if (user.role === 'admin') throw httpError(403)
    // First the record, then the session: nobody acts as another person without a trace.
    await audit?.record({ event: 'impersonation.started', actor: admin, target: { account: user } })
    await ctx.login(user)
    ctx.session.impersonatorId = admin.id
    answer(ctx, { redirect: '/', json: { id: user.id, impersonatedBy: admin.id } })
  })
}

function find(users, ctx) {
  const user = users.byId(ctx.params.id)
  if (!user || user.disabled) throw httpError(404)
  return user
}
