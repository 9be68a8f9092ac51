// Routes that sign people in and out: by password, second factor, remember-me, API key, OAuth, and without passport.
import type { ContractShop, ShopCall, ShopRoute } from './shop.js'
import { shopError } from './shop.js'

const ONCE = { session: false }

export function signInRoutes({ accounts, audit }: ContractShop): ShopRoute[] {
  const greet = async (call: ShopCall) => {
    if (!call.user) return { status: 200, body: { hello: 'stranger' } }
    accounts.holdsSession(call.user, call.sessionId())
    const headers = call.body['remember'] === 'yes' ? rememberCookie(accounts.remember(call.user)) : {}
    return { status: 200, body: { hello: call.user.name }, headers }
  }
  const local = (path: string, strategy: string | string[], options: object = {}): ShopRoute => ({
    method: 'POST',
    path,
    authenticate: { strategy, options: { ...options } },
    handle: greet,
  })
  return [
    local('/login', 'local'),
    local('/login/once', 'local', ONCE),
    local('/login/slow', 'slow'),
    local('/login/any', ['jwt', 'local'], ONCE),
    local('/login/unknown', 'no-such-strategy'),
    {
      // The password is right, and a second factor is still to come; or it is not, and the callback is kind about it.
      method: 'POST',
      path: '/login/kind',
      authenticate: { strategy: 'local', options: {} },
      callback: true,
      async handle(call, found) {
        if (!found) return { status: 200, body: { hello: 'nobody' } }
        if (found.code === undefined) {
          await call.logIn(found)
          return { status: 200, body: { hello: found.name } }
        }
        if (call.session) call.session['pending'] = found.id
        return { status: 200, body: { next: '/mfa' } }
      },
    },
    {
      method: 'POST',
      path: '/mfa',
      async handle(call) {
        const user = accounts.byId(call.session?.['pending'])
        if (!user) throw shopError(401)
        const auth = { method: 'mfa', factors: ['totp'] }
        if (call.body['code'] !== user.code) {
          await audit?.record({ event: 'mfa.failed', actor: user, reason: 'bad_code', auth })
          return { status: 400, body: { next: '/mfa' } }
        }
        await audit?.record({ event: 'mfa.succeeded', actor: user, auth })
        await call.logIn(user)
        return { status: 200, body: { hello: user.name } }
      },
    },
    { method: 'GET', path: '/welcome', authenticate: { strategy: 'remember-me', options: {} }, handle: greet },
    {
      method: 'POST',
      path: '/logout',
      async handle(call) {
        await call.logOut()
        return { status: 200, body: { bye: true } }
      },
    },
    { method: 'GET', path: '/oauth', authenticate: { strategy: 'oauth2', options: {} }, handle: greet },
    { method: 'GET', path: '/oauth/callback', authenticate: { strategy: 'oauth2', options: {} }, handle: greet },
    { method: 'GET', path: '/api/stock', authenticate: { strategy: 'apikey', options: ONCE }, handle: greet },
    {
      // A sign-in of the application's own, without passport: it says itself what came of it.
      method: 'POST',
      path: '/own/login',
      async handle({ body }) {
        await audit?.record({ event: 'login.failed', claimed: body['name'], reason: 'bad_credentials' })
        return { status: 401, body: { error: 'no' }, headers: cacheable(body['cacheable']) }
      },
    },
  ]
}

const rememberCookie = (token: string) => ({ 'set-cookie': `remember=${token}; Path=/; HttpOnly` })

const cacheable = (wanted: unknown): Record<string, string> =>
  wanted === 'yes' ? { 'cache-control': 'public, max-age=60' } : {}
