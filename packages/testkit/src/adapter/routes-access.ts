// Routes about what people may do: guards, roles, denials, an administrator's work, audited resources, errors.
import type { ContractShop, ShopRoute } from './shop.js'
import { shopError } from './shop.js'

const OK = { status: 200, body: { ok: true } }

export function accessRoutes({ accounts, audit }: ContractShop): ShopRoute[] {
  const item = (path: string, handle: ShopRoute['handle']): ShopRoute => ({
    method: 'GET',
    path,
    audited: { event: 'resource.read', target: 'item' },
    handle,
  })
  return [
    { method: 'GET', path: '/open', handle: async () => OK },
    { method: 'GET', path: '/guarded/:id', role: 'nobody', handle: async () => OK },
    { method: 'GET', path: '/denied/:id', handle: async () => ({ status: 403, body: { error: 'no' } }) },
    { method: 'GET', path: '/unauthenticated', handle: async () => ({ status: 401, body: { error: 'who' } }) },
    { method: 'GET', path: '/forbidden', handle: () => Promise.reject(shopError(403)) },
    { method: 'GET', path: '/broken', handle: () => Promise.reject(new Error('a bug in the shop')) },
    item('/items/:id', async () => OK),
    item('/items/:id/missing', async () => ({ status: 404, body: { error: 'none' } })),
    item('/items/:id/denied', async () => ({ status: 403, body: { error: 'no' } })),
    item('/items/:id/broken', () => Promise.reject(new Error('a bug in the shop'))),
    item('/items/:id/stream', async () => ({ status: 200, body: ['one,', 'two,', 'three'] })),
    { ...item('/items/:id/own', async () => OK), role: 'user' },
    { method: 'GET', path: '/admin/users', role: 'admin', handle: async () => OK },
    {
      method: 'POST',
      path: '/admin/users/:id/disable',
      role: 'admin',
      async handle({ params }) {
        const user = accounts.byId(params['id'])
        if (!user) throw shopError(404)
        user.disabled = true
        await audit?.record({ event: 'account.disabled', target: { account: user } })
        return OK
      },
    },
    {
      method: 'POST',
      path: '/admin/users/:id/roles',
      role: 'admin',
      async handle({ params, body }) {
        const account = accounts.byId(params['id'])
        await audit?.record({ event: 'role.granted', target: { account }, data: { role: body['role'] } })
        return OK
      },
    },
    {
      method: 'POST',
      path: '/admin/impersonate/:id',
      role: 'admin',
      async handle(call) {
        const [admin, user] = [call.user!, accounts.byId(call.params['id'])]
        if (!user) throw shopError(404)
        await audit?.record({ event: 'impersonation.started', actor: admin, target: { account: user } })
        await call.logIn(user)
        if (call.session) call.session['impersonator'] = admin.id
        return { status: 200, body: { hello: user.name } }
      },
    },
    {
      method: 'POST',
      path: '/impersonate/stop',
      role: 'user',
      async handle(call) {
        const [admin, user] = [accounts.byId(call.session?.['impersonator']), call.user!]
        if (!admin) throw shopError(404)
        await audit?.record({ event: 'impersonation.stopped', actor: admin, target: { account: user } })
        await call.logIn(admin)
        return { status: 200, body: { hello: admin.name } }
      },
    },
    {
      // Done by an administrator in a customer's name: both people are named.
      method: 'POST',
      path: '/orders',
      role: 'user',
      async handle({ session, user }) {
        const admin = accounts.byId(session?.['impersonator'])
        await audit?.record({
          event: 'resource.created',
          target: { type: 'order', id: 7 },
          ...(admin && { actor: admin, onBehalfOf: [user] }),
        })
        return OK
      },
    },
  ]
}
