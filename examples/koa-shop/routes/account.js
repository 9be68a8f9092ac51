// Signing in and out, and the pages of a customer.

import { homePage } from '@trailproof/example-express-shop/lib/page.js'
import { answer, requireUser, show } from '../lib/http.js'

const REMEMBER_MS = 30 * 24 * 60 * 60 * 1000

export function accountRoutes(router, { signIn }) {
  router.get('/', (ctx) => {
    ctx.type = 'html'
    ctx.body = homePage({ user: ctx.state.user, impersonated: Boolean(ctx.session.impersonatorId) })
  })

  router.post('/login', signIn.toSession, (ctx) => {
    if (ctx.request.body.remember) ctx.session.rememberMs = REMEMBER_MS
    answer(ctx, { redirect: '/', json: { user: view(ctx.state.user) } })
  })

  router.post('/logout', requireUser, async (ctx) => {
    await ctx.logout()
    answer(ctx, { redirect: '/', json: {} })
  })

  router.get('/account', requireUser, (ctx) => {
    const { user } = ctx.state
    const { impersonatorId } = ctx.session
    show(ctx, {
      page: () => homePage({ user, impersonated: Boolean(impersonatorId) }),
      json: { user: view(user), ...(impersonatorId && { impersonatedBy: impersonatorId }) },
    })
  })
}

const view = ({ id, email, role }) => ({ id, email, role })
