// The API for programs and phones: tokens instead of cookies.

import { httpError } from '../lib/http.js'

export function apiRoutes(router, { signIn, tokens }) {
  const sessionOrPassword = (ctx, next) => (ctx.isAuthenticated() ? next() : signIn.once(ctx, next))

  router.post('/api/token', sessionOrPassword, (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.body = tokens.issue(ctx.state.user)
  })

  router.post('/api/token/refresh', async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.body = await tokens.refresh(field(ctx, 'refresh_token'))
  })

  router.post('/api/token/revoke', async (ctx) => {
    await tokens.revoke(field(ctx, 'token'))
    ctx.body = {}
  })

  router.get('/api/me', (ctx) => {
    const [, token] = /^Bearer (\S+)$/i.exec(ctx.get('authorization')) ?? []
    if (!token) throw httpError(401)
    const { user } = tokens.access(token)
    ctx.body = { id: user.id, email: user.email, role: user.role }
  })
}

function field(ctx, name) {
  const value = ctx.request.body?.[name]
  if (typeof value !== 'string') throw httpError(400)
  return value
}
