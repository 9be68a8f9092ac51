// Routes of the API: tokens issued, used, refreshed, withdrawn.
import type { ContractShop, ShopRoute } from './shop.js'

const ONCE = { session: false }

export function tokenRoutes({ tokens }: ContractShop): ShopRoute[] {
  return [
    {
      method: 'POST',
      path: '/api/token',
      authenticate: { strategy: 'local', options: ONCE },
      handle: async ({ user }) => ({ status: 200, body: { ...tokens.issue(user!) } }),
    },
    {
      method: 'POST',
      path: '/api/refresh',
      handle: async ({ body }) => ({ status: 200, body: { ...(await tokens.refresh(body['refresh_token'])) } }),
    },
    {
      method: 'POST',
      path: '/api/revoke',
      async handle({ body }) {
        await tokens.revoke(body['token'])
        return { status: 200, body: { ok: true } }
      },
    },
    {
      method: 'GET',
      path: '/api/orders',
      authenticate: { strategy: 'jwt', options: ONCE },
      handle: async ({ user }) => ({ status: 200, body: { of: user?.name } }),
    },
  ]
}
