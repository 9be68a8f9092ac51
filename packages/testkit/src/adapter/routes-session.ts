// Routes that do something to a session, and what a signed-in person may do with it.
import type { ContractShop, ShopRoute } from './shop.js'

const OK = { status: 200, body: { ok: true } }

export function sessionRoutes({ accounts, audit }: ContractShop): ShopRoute[] {
  return [
    {
      // A visitor's cart: a session without a person.
      method: 'POST',
      path: '/cart',
      async handle(call) {
        if (call.session) call.session['items'] = Number(call.session['items'] ?? 0) + 1
        if (typeof call.body['endsInMs'] === 'number') call.sessionEndsIn(call.body['endsInMs'])
        return OK
      },
    },
    {
      method: 'GET',
      path: '/cart',
      handle: async ({ session }) => ({ status: 200, body: { items: session?.['items'] ?? 0 } }),
    },
    {
      method: 'POST',
      path: '/session/regenerate',
      async handle(call) {
        await call.regenerate()
        return OK
      },
    },
    {
      method: 'POST',
      path: '/session/destroy',
      async handle(call) {
        await call.destroySession()
        return OK
      },
    },
    {
      method: 'GET',
      path: '/account',
      role: 'user',
      handle: async ({ user }) => ({ status: 200, body: { name: user?.name } }),
    },
    {
      // Whoever changes a password ends the sessions in other browsers, and what was remembered.
      method: 'POST',
      path: '/account/password',
      role: 'user',
      async handle(call) {
        const user = call.user!
        if (call.body['password'] !== user.password) {
          await audit?.record({ event: 'password.change_failed', reason: 'bad_credentials' })
          return { status: 403, body: { ok: false } }
        }
        user.password = String(call.body['new_password'])
        await audit?.record({ event: 'password.changed' })
        accounts.forget(user)
        for (const id of accounts.otherSessions(user, call.sessionId())) await call.endSession(id)
        return OK
      },
    },
  ]
}
